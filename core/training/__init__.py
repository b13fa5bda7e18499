"""Training with Keras: models, the engine behind `fit`, the trainer that emits events, and predictions. Only here is
Keras imported.
"""
