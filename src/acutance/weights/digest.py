"""The sha256 of a file, and the one the Hugging Face cache promises for it."""

import hashlib
import io
import re
from pathlib import Path
from typing import TYPE_CHECKING

from acutance.types import OnProgress

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


SHA256 = re.compile(r"[0-9a-f]{64}")
"""What a digest looks like; the hub's etag of a large file is one, that of a small file is not."""


def sha256_of(path: Path, on_progress: OnProgress | None = None) -> str:
    """The digest of a file as 64 lower-case hex digits.

    Args:
        path: The file to read, once from start to end.
        on_progress: Called with bytes read and bytes in all.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = (path := Path(folder, "abc")).write_bytes(b"abc")
        ...     sha256_of(path)[:16]
        'ba7816bf8f01cfea'
    """
    with _Watched(path, on_progress) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256_in_cache(path: Path) -> str | None:
    """The digest that the Hugging Face cache names a file by, or ``None`` if the file is none of its.

    Args:
        path: A path in the cache, ``snapshots/<commit>/<file>``: a link to ``blobs/<etag>``.
    """
    if not path.is_symlink():
        return None
    blob = path.readlink()  # one step only: the blob may itself link to a store with other names
    named_by_digest = blob.parent.name == "blobs" and SHA256.fullmatch(blob.name)
    return blob.name if named_by_digest else None


class _Watched(io.FileIO):
    """A file that says how far it has been read."""

    def __init__(self, path: Path, on_progress: OnProgress | None) -> None:
        super().__init__(path)
        self.size = path.stat().st_size
        self.on_progress = on_progress

    def readinto(self, buffer: "WriteableBuffer") -> int:
        count = super().readinto(buffer) or 0
        if count and self.on_progress:
            self.on_progress(self.tell(), self.size)
        return count
