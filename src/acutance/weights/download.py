"""Published weights brought onto this machine, once, into the ordinary Hugging Face cache."""

import contextlib
import errno
import logging
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from acutance.errors import CheckpointError, ConfigError, MissingWeightsError
from acutance.types import OnProgress
from acutance.weights.digest import SHA256, sha256_of
from acutance.weights.record import CheckpointRecord
from acutance.weights.silent_hub import download_silently, network_errors, silent_log

WEIGHTS_VARIABLE = "ACUTANCE_WEIGHTS"
"""Environment variable that names a folder of weights, looked at before the cache."""
PACKAGED = Path(__file__).parent.parent / "weights"
"""Where weights lie that come with the package."""
TRUE_WORDS = {"1", "ON", "YES", "TRUE"}
"""What switches an environment variable of huggingface_hub on."""

logger = logging.getLogger(__name__)


def fetch(
    record: CheckpointRecord,
    *,
    offline: bool = False,
    on_progress: OnProgress | None = None,
    endpoint: str | None = None,
) -> Path:
    """The file of weights on this machine, downloaded and checked if it was not there yet.

    A file that ``find`` finds is returned as it is, without any request. A broken connection is taken up
    where it broke. A new file must have the size and the sha256 that the hub states, and the record's
    sha256 where it has one.

    Args:
        record: The published weights.
        offline: Only look on this machine, as with ``HF_HUB_OFFLINE=1``.
        on_progress: Called with bytes done and bytes in all.
        endpoint: Address of another hub; ``None`` is ``HF_ENDPOINT`` or huggingface.co.

    Raises:
        MissingWeightsError: The file is neither here nor to be had; the message says why and what to do.
        CheckpointError: What came is another file; it has been removed again.
        ConfigError: ``ACUTANCE_WEIGHTS`` names no folder.
    """
    found = find(record)
    if found is not None:
        return found
    if record.repository is None:
        raise missing(record, "nothing there")
    if offline or _offline():
        raise missing(record, "nothing in its cache, and offline mode is on")
    with silent_log():
        remote = _ask(record, endpoint)
        _check_space(record, remote)
        with _network_errors(record):
            path = download_silently(
                str(record.repository),
                record.filename,
                size_bytes=remote.size,
                on_progress=on_progress,
                endpoint=endpoint,
            )
    _check(path, record, remote)
    return path


def find(record: CheckpointRecord) -> Path | None:
    """The file of weights on this machine, or ``None``; never looks at the network.

    The folder that ``ACUTANCE_WEIGHTS`` names comes first, with the file under its published name or as
    ``<name>.safetensors``; then the package itself, or the Hugging Face cache, the current version before older ones.

    Args:
        record: The published weights.

    Raises:
        ConfigError: ``ACUTANCE_WEIGHTS`` names no folder.
    """
    folder = os.environ.get(WEIGHTS_VARIABLE)
    if folder:
        own = Path(folder).expanduser()
        if not own.is_dir():
            raise ConfigError(f"Expected a folder in {WEIGHTS_VARIABLE}, got {folder}. Create it, or unset it.")
        for name in (record.local_filename, f"{record.name}.safetensors"):
            if (own / name).is_file():
                return own / name
    packaged = PACKAGED / record.filename
    if record.packaged and packaged.is_file():
        return packaged
    return _cached(record) if record.repository else None


def missing(record: CheckpointRecord, got: str, cure: str | None = None) -> MissingWeightsError:
    """The error for weights that are not here: what is needed, why it is not there, what to do.

    Args:
        record: The published weights.
        got: What was found instead, such as ``"HTTP 404"``.
        cure: What to do first; ``None`` is to fetch the file on a machine with network.
    """
    here, there = record.local_filename, f" of {record.repository}" if record.repository else ""
    renamed = f" as {here}" if here != record.filename else ""
    elsewhere = None if record.repository else record.origin
    cure = cure or elsewhere or f"Run `acutance weights fetch {record.name}` on a machine with network"
    place = f"put the file into the folder {WEIGHTS_VARIABLE} names{renamed}"
    last = f"and {place}" if record.is_trunk else f"{place}, or name it: --weights FILE, weights=FILE"
    return MissingWeightsError(
        f"Expected {record.filename}{_about(record.size_bytes)}{there} on this machine, got {got}. {cure}, {last}."
    )


@dataclass(frozen=True, slots=True)
class _Remote:
    """What the hub says of a file."""

    etag: str | None
    size: int | None


def _cached(record: CheckpointRecord) -> Path | None:
    from huggingface_hub import constants, try_to_load_from_cache

    repository = str(record.repository)
    current = try_to_load_from_cache(repository, record.filename)
    if isinstance(current, str):
        return Path(current)
    # Another program may have moved the cache on to a newer commit without needing this file.
    versions = Path(constants.HF_HUB_CACHE, f"models--{repository.replace('/', '--')}", "snapshots")
    older = [path for path in versions.glob(f"*/{record.filename}") if path.is_file()]
    return max(older, key=lambda path: path.lstat().st_mtime, default=None)


def _offline() -> bool:
    from huggingface_hub import constants

    return constants.HF_HUB_OFFLINE or os.environ.get("HF_HUB_OFFLINE", "").upper() in TRUE_WORDS


def _ask(record: CheckpointRecord, endpoint: str | None) -> _Remote:
    """Size and etag that the hub states, from one request for the head of the file."""
    from huggingface_hub import constants, get_hf_file_metadata, hf_hub_url

    url = hf_hub_url(str(record.repository), record.filename, endpoint=endpoint)
    with _network_errors(record):
        metadata = get_hf_file_metadata(url, timeout=constants.HF_HUB_ETAG_TIMEOUT)
    return _Remote(metadata.etag, metadata.size)


def _check_space(record: CheckpointRecord, remote: _Remote) -> None:
    from huggingface_hub import constants

    cache = Path(constants.HF_HUB_CACHE)
    existing = next(folder for folder in (cache, *cache.absolute().parents) if folder.exists())
    free = shutil.disk_usage(existing).free
    if remote.size is not None and free < remote.size:
        raise _no_space(record, f"{_megabytes(free)} free in {cache}")


def _no_space(record: CheckpointRecord, got: str) -> MissingWeightsError:
    return missing(record, f"no space for it: {got}", "Free some space, or set HF_HOME to a folder on a larger disk")


@contextlib.contextmanager
def _network_errors(record: CheckpointRecord) -> Iterator[None]:
    """Turn whatever the hub, the network or the disk raise into one line."""
    caught: tuple[type[Exception], ...] = (*network_errors(), ValueError, RuntimeError)
    try:
        yield
    except caught as error:
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            raise _no_space(record, "the disk is full") from error
        status = getattr(getattr(error, "response", None), "status_code", None)
        raise missing(record, _cause(error, status), _cure(record, status)) from error


def _cause(error: BaseException, status: int | None) -> str:
    if status is not None:
        return f"HTTP {status} from the hub"
    first = error.__cause__ or error
    line = (str(first).strip().splitlines() or [""])[0].rstrip(".")
    return f"{type(first).__name__}: {line}" if line else type(first).__name__


def _cure(record: CheckpointRecord, status: int | None) -> str:
    again = f"run `acutance weights fetch {record.name}` again"
    if status in (401, 403):
        return f"Log in with `hf auth login` and {again}"
    if status == 404:
        return "Look for a newer acutance, which may know where the file has gone"
    return f"Check network and proxy (HF_ENDPOINT chooses a mirror) and {again}"


def _check(path: Path, record: CheckpointRecord, remote: _Remote) -> None:
    """Remove a file that is not the one promised, and say so."""
    size = path.stat().st_size
    if remote.size is not None and size != remote.size:
        _discard(path)
        raise _another_file(record, f"{remote.size} bytes", f"{size}")
    stated = [remote.etag] if remote.etag and SHA256.fullmatch(remote.etag) else []
    expected = [*stated, *([record.sha256] if record.sha256 else [])]
    if not expected:
        logger.info("%s: the hub states no sha256, only the size was checked", record.filename)
        return
    digest = sha256_of(path)
    for wanted in expected:
        if digest != wanted:
            _discard(path)
            raise _another_file(record, f"sha256 {wanted}", digest)


def _another_file(record: CheckpointRecord, expected: str, got: str) -> CheckpointError:
    return CheckpointError(
        f"Expected {record.filename} of {record.repository} with {expected}, got {got}. The file has been "
        f"removed: run `acutance weights fetch {record.name}` again. If that does not help, it has changed."
    )


def _discard(path: Path) -> None:
    """Remove a file of the cache with all links that lead to it."""
    while path.is_symlink():
        target = path.parent / path.readlink()
        path.unlink()
        path = target
    path.unlink(missing_ok=True)


def _about(size: int | None) -> str:
    return "" if size is None else f" (about {_megabytes(size)})"


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.0f} MB" if size >= 1e6 else f"{size / 1e3:.0f} kB"
