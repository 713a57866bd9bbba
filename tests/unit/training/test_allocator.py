"""Freed memory that stays with the process, seen from outside: each time in a process of its own."""

import ctypes
import platform
import subprocess
import sys
from types import SimpleNamespace

import pytest

from acutance.training import launch as allocator
from acutance.training.launch import keep_freed_memory

BLOCK = 256 << 20
"""Bytes; glibc gives blocks of this size back by default."""
SCRIPT = f"""
import ctypes, resource, sys
from acutance.training.launch import keep_freed_memory

libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
libc.free.argtypes = libc.memset.argtypes = None

def resident():
    return int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize()

def used():
    block = libc.malloc({BLOCK})
    libc.memset(ctypes.c_void_p(block), 1, ctypes.c_size_t({BLOCK}))
    libc.free(ctypes.c_void_p(block))

told = keep_freed_memory() if sys.argv[1] == "keep" else None
before = resident()
used()
kept = resident() - before
cleared = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
used()
print(told, kept, (resource.getrusage(resource.RUSAGE_SELF).ru_minflt - cleared) * resource.getpagesize())
"""

glibc = pytest.mark.skipif(
    sys.platform != "linux" or platform.libc_ver()[0] != "glibc", reason="only glibc can be told so"
)


def after(how: str) -> tuple[str, int, int]:
    """What is said, the bytes that stay after a block was freed, and those that the system clears for the next one."""
    result = subprocess.run(
        [sys.executable, "-c", SCRIPT, how], capture_output=True, text=True, check=True, timeout=600
    )
    told, kept, cleared = result.stdout.split()
    return told, int(kept), int(cleared)


@glibc
def test_a_large_block_that_was_freed_stays_and_is_not_cleared_again():
    told, kept, cleared = after("keep")
    assert told == "True"
    assert kept > 0.9 * BLOCK
    assert cleared < 0.1 * BLOCK


@glibc
def test_without_it_the_system_takes_the_block_back():
    _, kept, cleared = after("leave")
    assert kept < 0.1 * BLOCK
    assert cleared > 0  # all of it, in pages of whatever size


def test_another_system_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(ctypes, "CDLL", None)
    assert keep_freed_memory() is False


def test_a_c_library_without_the_switch_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(ctypes, "CDLL", lambda name: SimpleNamespace())
    assert keep_freed_memory() is False


@pytest.mark.parametrize("refused", [allocator.MMAP_MAX, allocator.TRIM_THRESHOLD, allocator.TOP_PAD])
def test_a_setting_that_is_refused_is_told_and_the_others_are_made(monkeypatch: pytest.MonkeyPatch, refused: int):
    made: list[int] = []

    def mallopt(parameter: int, value: int) -> int:
        made.append(parameter)
        return int(parameter != refused)

    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(ctypes, "CDLL", lambda name: SimpleNamespace(mallopt=mallopt))
    assert keep_freed_memory() is False
    assert len(made) == 3
