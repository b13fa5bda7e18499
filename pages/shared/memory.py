"""The memory of the server: with glibc, threads share few pools, so that what one visitor's page frees serves the next.

By default each thread may have a pool of its own, eight for each core. Each keeps what it once needed: on two cores,
thirty visitors take twice as much memory.
"""

import ctypes
import gc
import sys

_ARENA_MAX = -8  # M_ARENA_MAX of <malloc.h>
_POOLS = 2
_GARBAGE = (20_000, 10, 50)  # new objects before Python looks for garbage; it does so in all threads' time


def apply() -> None:
    """Sets both for the whole process; a second call changes nothing."""
    gc.set_threshold(*_GARBAGE)
    if sys.platform != "linux":
        return
    try:
        ctypes.CDLL("libc.so.6").mallopt(_ARENA_MAX, _POOLS)
    except (OSError, AttributeError):  # another C library
        return
