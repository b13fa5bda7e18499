"""Writes a network as a file of another tool, and reads the file back with that tool. One module for each format.

Each module has `write(network, path)` and `probabilities(path, images)`; `exporter` lists them.
"""
