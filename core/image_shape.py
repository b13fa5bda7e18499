"""The shape of MNIST's images and the number of its classes. It needs no NumPy."""

SIDE = 28
NUM_CLASSES = 10
