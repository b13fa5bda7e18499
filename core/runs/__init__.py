"""A run is a folder: its events, checkpoints and control files, and the store that finds and reads all runs."""
