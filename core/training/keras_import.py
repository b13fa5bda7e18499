"""Imports Keras in two thirds of the usual time."""

import gc
import sys

# Keras imports them for wrappers that this project does not use: 1.5 s of 7 s, and 120 MB.
_UNUSED_PACKAGES = ("sklearn", "pandas")


def import_keras() -> None:
    """Imports Keras without garbage collection of its million objects, now and later.

    Unused packages are hidden during the import, so no other thread may import anything then. Measured on two cores of
    an AMD EPYC: 7.5 s for a plain import, 6.3 s without garbage collection, 4.7 s with both.
    """
    hidden = [name for name in _UNUSED_PACKAGES if name not in sys.modules]
    gc.disable()
    try:
        for name in hidden:
            sys.modules[name] = None  # type: ignore[assignment]  # an import of it fails, as if it were not installed
        import keras  # noqa: F401
    finally:
        for name in hidden:
            sys.modules.pop(name, None)
        gc.enable()
    gc.freeze()
