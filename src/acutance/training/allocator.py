"""Memory that a training step gives back stays with the process for the next one."""

import ctypes
import sys

MMAP_MAX, TRIM_THRESHOLD, TOP_PAD = -4, -1, -2
"""Parameters of glibc's ``mallopt``."""
PAD = 64 << 20
"""Bytes asked for beyond what is wanted, when the heap grows."""


def keep_freed_memory() -> bool:
    """Let glibc keep large blocks that are freed, instead of returning each to the system.

    A step on the CPU allocates and frees its activations, hundreds of megabytes; the system clears every page that it
    hands out again, which takes 30 to 60 % of a step of a small convolutional network. Afterwards the process keeps the
    most memory that it ever used.

    Returns:
        Whether the C library of this system could be told so; others are left as they are.
    """
    if sys.platform != "linux":
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:  # musl
        return False
    settings = ((MMAP_MAX, 0), (TRIM_THRESHOLD, 2**31 - 1), (TOP_PAD, PAD))
    taken = [mallopt(parameter, value) for parameter, value in settings]
    return taken == [1, 1, 1]
