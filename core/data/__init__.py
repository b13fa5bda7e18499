"""MNIST: finding, reading and downloading it, choosing the images of a run, and studying them (maps, neighbours,
outliers).
"""
