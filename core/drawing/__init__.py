"""From ink to a digit: strokes, photographs and pictures become the 28×28 pixels that a network receives.

`to_digit(rgba)` is relied on from outside.
"""

from core.drawing.normalise import to_digit as to_digit
