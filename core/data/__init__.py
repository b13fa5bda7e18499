"""MNIST: finding, reading and downloading it, choosing the images of a run and their order, and studying them.

Studies are maps, neighbours and outliers.
"""
