"""The computations of Prepare: from an image to its loss, one training step, and the output of Keras."""
