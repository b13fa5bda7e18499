"""Keras, imported in two thirds of the time that it takes by itself."""

import gc
import sys

# Keras imports them for wrappers that nobody here calls: a second and a half of seven, and 120 MB.
_UNUSED = ("sklearn", "pandas")


def wake_keras(*, alone: bool) -> None:
    """Imports Keras without looking for garbage among its million objects, neither now nor later.

    `alone`: no other thread of this process imports anything meanwhile. Then what Keras could do without is hidden from
    it. The speed-up was measured on two cores of an AMD EPYC: 7.5 s by itself, 6.3 s, and 4.7 s alone.
    """
    hidden = [name for name in _UNUSED if alone and name not in sys.modules]
    gc.disable()
    try:
        for name in hidden:
            sys.modules[name] = None  # type: ignore[assignment]  # an import of it fails, as where it is not installed
        import keras  # noqa: F401
    finally:
        for name in hidden:
            sys.modules.pop(name, None)
        gc.enable()
    gc.freeze()
