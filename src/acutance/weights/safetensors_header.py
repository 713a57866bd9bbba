"""The head of a safetensors file, read without the library (github.com/huggingface/safetensors, Format)."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LENGTH_BYTES = 8
"""A safetensors file begins with the length of its JSON header, little-endian."""
LONGEST_HEADER = 100_000_000
"""The library's own limit; a larger number means that the file is something else."""


@dataclass(frozen=True, slots=True)
class SafetensorsHeader:
    """What a safetensors file says of itself."""

    metadata: dict[str, str]
    """Free text by key; empty if the file has none."""
    size_bytes: int
    """How long the whole file must be."""


def looks_like_safetensors(start: bytes) -> bool:
    """Whether the first nine bytes of a file are those of a safetensors file.

    Example:
        >>> looks_like_safetensors(bytes([2, 0, 0, 0, 0, 0, 0, 0]) + b"{}")
        True
    """
    length = int.from_bytes(start[:LENGTH_BYTES], "little")
    return start[LENGTH_BYTES : LENGTH_BYTES + 1] == b"{" and 2 <= length <= LONGEST_HEADER


def read_safetensors_header(path: Path) -> SafetensorsHeader | None:
    """The header of a file, or ``None`` if the file is no safetensors file or ends within the header.

    Args:
        path: Any file.
    """
    with path.open("rb") as file:
        start = file.read(LENGTH_BYTES + 1)
        if not looks_like_safetensors(start):
            return None
        length = int.from_bytes(start[:LENGTH_BYTES], "little")
        text = start[LENGTH_BYTES:] + file.read(length - 1)
    try:
        entries: dict[str, Any] = json.loads(text)
        metadata = dict(entries.pop("__metadata__", {}))
        ends = [int(entry["data_offsets"][1]) for entry in entries.values()]
    except (ValueError, TypeError, LookupError, ArithmeticError, RecursionError):
        return None
    return SafetensorsHeader(metadata, LENGTH_BYTES + length + max(ends, default=0))
