"""Keras, imported in two thirds of the time that it takes by itself."""

import gc
import sys

# Keras imports them for wrappers that nobody here calls: a second and a half of seven, and 120 MB.
_UNUSED_PACKAGES = ("sklearn", "pandas")


def import_keras() -> None:
    """Imports Keras without looking for garbage among its million objects, neither now nor later.

    What Keras could do without is hidden from it meanwhile, so no other thread of this process may import anything
    then. The speed-up was measured on two cores of an AMD EPYC: 7.5 s by itself, 6.3 s with all of it, and 4.7 s.
    """
    hidden = [name for name in _UNUSED_PACKAGES if name not in sys.modules]
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
