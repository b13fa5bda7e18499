"""New training images from old ones: named distortions, and digits redrawn with a pen or in other styles."""
