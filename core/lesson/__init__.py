"""What the steps of Prepare compute: the arithmetic between an image and a loss, and what Keras prints while it
trains.
"""
