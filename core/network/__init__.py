"""Networks without Keras: their shapes, answers and gradients in NumPy, the Keras script that builds them, and
forecasts.
"""
