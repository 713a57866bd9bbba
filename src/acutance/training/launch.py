"""How this process was started, and how it keeps memory."""

import ctypes
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from acutance.errors import ConfigError

PLACE = ("LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT")
"""What each of several processes needs besides ``RANK`` and ``WORLD_SIZE``."""
OTHER_RANKS = ("LOCAL_RANK", "SLURM_PROCID", "JSM_NAMESPACE_RANK")
"""Where Fabric looks for a number of the process when it is imported."""
CURE = "Start it by torchrun, which sets all of them, or unset RANK and WORLD_SIZE."


@dataclass(frozen=True, kw_only=True)
class Launch:
    """One of the processes that torchrun started."""

    rank: int = 0
    """Its number among all processes."""
    world_size: int = 1
    """All processes of all machines."""
    local_rank: int = 0
    """Its number on this machine, and that of its GPU."""
    local_world_size: int = 1
    """Processes on this machine."""
    address: str = ""
    """Of the machine where processes meet."""
    port: int = 0


def launch_of(environment: Mapping[str, str] = os.environ) -> Launch | None:
    """What the environment says of this process; ``None`` where nobody started it together with others.

    Raises:
        ConfigError: One of them without the others, or a value that cannot be.

    Example:
        >>> launch_of({"RANK": "0", "WORLD_SIZE": "1"})
        Launch(rank=0, world_size=1, local_rank=0, local_world_size=1, address='', port=0)
        >>> launch_of({})
    """
    if "RANK" not in environment and ("NODE_RANK" in environment or environment.get("WORLD_SIZE", "1") == "1"):
        for name in OTHER_RANKS:
            if not environment.get(name, "0").lstrip("-").isdecimal():
                raise ConfigError(f"Expected a whole number as {name}, got {environment[name]!r}. Unset it.")
        return None  # Fabric, which starts processes for loop.processes, sets NODE_RANK and no RANK
    needed = ("RANK", "WORLD_SIZE", *(PLACE if environment.get("WORLD_SIZE") != "1" else ()))
    if lacking := [name for name in needed if not environment.get(name)]:
        there = ", ".join(f"{name}={environment[name]}" for name in needed if environment.get(name))
        raise ConfigError(f"Expected {', '.join(lacking)} in the environment beside {there}, got none. {CURE}")
    world_size = _number(environment, "WORLD_SIZE", 1, None)
    rank = _number(environment, "RANK", 0, world_size)
    if world_size == 1:
        return Launch()
    local_world_size = _number(environment, "LOCAL_WORLD_SIZE", 1, world_size + 1, default=world_size)
    return Launch(
        rank=rank,
        world_size=world_size,
        local_rank=_number(environment, "LOCAL_RANK", 0, local_world_size),
        local_world_size=local_world_size,
        address=environment["MASTER_ADDR"],
        port=_number(environment, "MASTER_PORT", 1, 2**16),
    )


def is_first() -> bool:
    """Whether this is the first of all processes that train together: it writes, and tells."""
    return os.environ.get("RANK", os.environ.get("LOCAL_RANK", "0")) == "0"


def is_first_here() -> bool:
    """Whether this is the first process of its machine: it tells what stopped all of them."""
    return os.environ.get("LOCAL_RANK", "0") == "0"


def _number(
    environment: Mapping[str, str], name: str, least: int, end: int | None, *, default: int | None = None
) -> int:
    """A whole number from ``least`` to below ``end``."""
    text = environment.get(name, "" if default is None else str(default))
    span = f"of at least {least}" if end is None else f"from {least} to {end - 1}"
    beside = f" beside WORLD_SIZE={environment['WORLD_SIZE']}" if name in ("RANK", "LOCAL_RANK") else ""
    if not text.isdecimal() or int(text) < least or (end is not None and int(text) >= end):
        raise ConfigError(f"Expected a whole number {span} as {name}{beside}, got {text!r}. {CURE}")
    return int(text)


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
