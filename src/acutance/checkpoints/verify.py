"""Whether the weights on this machine are the ones they claim to be."""

from dataclasses import dataclass
from pathlib import Path

from acutance.checkpoints.digest import OnProgress, sha256_in_cache, sha256_of
from acutance.checkpoints.download import find, missing
from acutance.checkpoints.record import CheckpointRecord
from acutance.errors import MissingWeightsError


@dataclass(frozen=True, kw_only=True, slots=True)
class Verification:
    """What a file is, beside what it should be."""

    path: Path
    """The file that was read."""
    sha256: str
    """Its digest."""
    expected: str | None
    """The digest it should have: the record's, else the hub's; ``None`` if nobody has stated one."""
    ok: bool
    """Whether the digests agree; true as well where there is nothing to compare with."""


def verify(
    record: CheckpointRecord, path: Path | None = None, *, on_progress: OnProgress | None = None
) -> Verification:
    """The digest of a file of weights, compared with the one it should have.

    Args:
        record: The published weights.
        path: The file; ``None`` takes the one that ``find`` finds.
        on_progress: Called with bytes read and bytes in all.

    Raises:
        MissingWeightsError: There is no such file.
    """
    path = path or find(record)
    if path is None:
        raise missing(record, "nothing in its cache")
    if not path.is_file():
        raise MissingWeightsError(f"Expected a file of weights, got {path}, which is not there. Check the path.")
    expected = record.sha256 or sha256_in_cache(path)
    digest = sha256_of(path, on_progress)
    return Verification(path=path, sha256=digest, expected=expected, ok=expected in (None, digest))
