"""Whether the weights on this machine are the ones they claim to be."""

import contextlib
import re
from dataclasses import dataclass
from pathlib import Path

from acutance.errors import MissingWeightsError
from acutance.types import OnProgress
from acutance.weights.digest import sha256_in_cache, sha256_of
from acutance.weights.download import find, missing
from acutance.weights.record import CheckpointRecord
from acutance.weights.store import is_own_format


@dataclass(frozen=True, kw_only=True, slots=True)
class Verification:
    """What a file is, beside what it should be."""

    path: Path
    """The file that was read."""
    sha256: str
    """Its digest."""
    expected: str | None
    """The digest it should have: the record's, the hub's or that of its first use; ``None`` if there is none."""
    ok: bool
    """Whether the digests agree; true as well where there is nothing to compare with."""
    at_first_use: bool = False
    """Whether ``expected`` is the digest of its first use, which nobody has published."""
    noted: Path | None = None
    """The file that keeps its digest from now on, where this was its first use."""


def verify(
    record: CheckpointRecord,
    path: Path | None = None,
    *,
    keep: bool = True,
    on_progress: OnProgress | None = None,
) -> Verification:
    """The digest of a file of weights, compared with the one it should have.

    Args:
        record: The published weights.
        path: The file; ``None`` takes the one that ``find`` finds.
        keep: Whether to keep the digest at its first use.
        on_progress: Called with bytes read and bytes in all.

    Raises:
        MissingWeightsError: There is no such file.
    """
    path = path or find(record)
    if path is None:
        raise missing(record, "nothing in its cache")
    if not path.is_file():
        got = "is a folder" if path.is_dir() else "is not there"
        raise MissingWeightsError(f"Expected a file of weights, got {path}, which {got}. Check the path.")
    digest = sha256_of(path, on_progress)
    return compared(record, path, digest, keep=keep)


def compared(record: CheckpointRecord, path: Path, digest: str, *, keep: bool = True) -> Verification:
    """A digest beside the one that the file should have; where nobody states one, it is kept for the next time.

    It is kept as ``afine.pth.sha256`` beside ``afine.pth``, a line that ``sha256sum -c`` reads; never in the cache of
    Hugging Face, whose names are digests, nor of files that users train or convert themselves.

    Args:
        record: The published weights.
        path: The file.
        digest: Its sha256.
        keep: Whether to keep the digest at its first use.
    """
    stated = record.sha256 or sha256_in_cache(path)
    if stated is not None or not record.published or record.packaged or is_own_format(path):
        return Verification(path=path, sha256=digest, expected=stated, ok=stated in (None, digest))
    beside = path.with_name(f"{path.name}.sha256")
    kept = _kept(beside)
    if kept is not None:
        return Verification(path=path, sha256=digest, expected=kept, ok=kept == digest, at_first_use=True)
    if not keep:
        return Verification(path=path, sha256=digest, expected=None, ok=True)
    with contextlib.suppress(OSError):  # a folder that cannot be written to keeps nothing
        beside.write_text(f"{digest}  {path.name}\n", encoding="utf-8")
        return Verification(path=path, sha256=digest, expected=None, ok=True, noted=beside)
    return Verification(path=path, sha256=digest, expected=None, ok=True)


def _kept(beside: Path) -> str | None:
    try:
        found = re.match(r"[0-9a-f]{64}\b", beside.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return None
    return found[0] if found else None
