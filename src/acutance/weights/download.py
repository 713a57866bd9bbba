"""Published weights brought onto this machine, once, into the ordinary Hugging Face cache, and verified."""

import contextlib
import errno
import hashlib
import inspect
import logging
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from acutance.errors import CheckpointError, ConfigError, MissingWeightsError
from acutance.types import OnProgress
from acutance.weights.record import CheckpointRecord
from acutance.weights.store import is_own_format

SHA256 = re.compile(r"[0-9a-f]{64}")
"""What a digest looks like; the hub's etag of a large file is one, that of a small file is not."""
WEIGHTS_VARIABLE = "ACUTANCE_WEIGHTS"
"""Environment variable that names a folder of weights, looked at before the cache."""
PACKAGED = Path(__file__).parent.parent / "weights"
"""Where weights lie that come with the package."""
TRUE_WORDS = {"1", "ON", "YES", "TRUE"}
"""What switches an environment variable of huggingface_hub on."""
ATTEMPTS = 3
"""How often a download is tried in all; older huggingface_hub gives up at the first broken connection."""
CHUNK = 1 << 18
"""Bytes that are read at once for a digest."""

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
    with _silent_log():
        with _network_errors(record):
            remote = _ask(record, endpoint)
        _check_space(record, remote)
        with _network_errors(record):
            path = _downloaded(record, remote, on_progress, endpoint)
    _check(path, record, remote)
    return path


def find(record: CheckpointRecord) -> Path | None:
    """The file of weights on this machine, or ``None``; never looks at the network.

    The folder that ``ACUTANCE_WEIGHTS`` names comes first, with the file under its published name or as
    ``<name>.safetensors``; then the package itself, or the Hugging Face cache, the current version before older ones.

    Raises:
        ConfigError: ``ACUTANCE_WEIGHTS`` names no folder.
    """
    folder = os.environ.get(WEIGHTS_VARIABLE)
    if folder:
        own = Path(folder).expanduser()
        if not own.is_dir():
            raise ConfigError(f"Expected a folder in {WEIGHTS_VARIABLE}, got {folder}. Create it, or unset it.")
        names = [f"{name}.safetensors" for name in (record.name, record.former_name) if name]
        for name in (record.local_filename, *names):
            if (own / name).is_file():
                return own / name
    packaged = PACKAGED / record.filename
    if record.packaged and packaged.is_file():
        return packaged
    return _cached(record) if record.repository else None


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
    digest, size = hashlib.sha256(), path.stat().st_size
    with path.open("rb", buffering=0) as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            if on_progress:
                on_progress(file.tell(), size)
    return digest.hexdigest()


def sha256_in_cache(path: Path) -> str | None:
    """The digest that the Hugging Face cache names a file by, or ``None`` if the file is none of its.

    Args:
        path: A path in the cache, ``snapshots/<commit>/<file>``: a link to ``blobs/<etag>``.
    """
    if not path.is_symlink():
        return None
    blob = path.readlink()  # one step only: the blob may itself link to a store with other names
    return blob.name if blob.parent.name == "blobs" and SHA256.fullmatch(blob.name) else None


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


def missing(record: CheckpointRecord, got: str, cure: str | None = None) -> MissingWeightsError:
    """The error for weights that are not here: what is needed, why it is not there, what to do.

    Args:
        got: What was found instead, such as ``"HTTP 404"``.
        cure: What to do first; ``None`` is to fetch the file on a machine with network.
    """
    here, there = record.local_filename, f" of {record.repository}" if record.repository else ""
    renamed = f" as {here}" if here != record.filename else ""
    elsewhere = None if record.repository else record.origin
    cure = cure or elsewhere or f"Run `acutance weights fetch {record.name}` on a machine with network"
    place = f"put the file into the folder {WEIGHTS_VARIABLE} names{renamed}"
    last = f"and {place}" if record.is_backbone else f"{place}, or name it: --weights FILE, weights=FILE"
    return MissingWeightsError(
        f"Expected {record.filename}{_about(record.size_bytes)}{there} on this machine, got {got}. {cure}, {last}."
    )


@dataclass(frozen=True, slots=True)
class _Remote:
    """What the hub says of a file."""

    etag: str | None
    size: int | None


def _ask(record: CheckpointRecord, endpoint: str | None) -> _Remote:
    """Size and etag that the hub states, from one request for the head of the file."""
    from huggingface_hub import constants, get_hf_file_metadata, hf_hub_url

    url = hf_hub_url(str(record.repository), record.filename, endpoint=endpoint)
    metadata = get_hf_file_metadata(url, timeout=constants.HF_HUB_ETAG_TIMEOUT)
    return _Remote(metadata.etag, metadata.size)


def _downloaded(
    record: CheckpointRecord, remote: _Remote, on_progress: OnProgress | None, endpoint: str | None
) -> Path:
    """The path in the cache, once huggingface_hub has downloaded the file; numbers go to ``on_progress`` alone."""
    import huggingface_hub

    options: dict[str, Any] = {"endpoint": endpoint}
    with contextlib.ExitStack() as stack:
        if "tqdm_class" in inspect.signature(huggingface_hub.hf_hub_download).parameters:
            options["tqdm_class"] = _progress_class(remote.size, on_progress)
        else:  # older versions take none: numbers for the two ends only
            stack.enter_context(_no_bars())
            if on_progress and remote.size:
                on_progress(0, remote.size)
        for attempt in range(1, ATTEMPTS + 1):
            try:
                found = huggingface_hub.hf_hub_download(str(record.repository), record.filename, **options)
                break
            except _network_faults() as error:  # tried again while nothing but the connection fails
                answered = getattr(error, "response", None) is not None
                if attempt == ATTEMPTS or answered or getattr(error, "errno", None) == errno.ENOSPC:
                    raise
    path = Path(found)
    if on_progress:
        on_progress(path.stat().st_size, path.stat().st_size)
    return path


def _progress_class(size_bytes: int | None, on_progress: OnProgress | None) -> type:
    """A stand-in for tqdm that draws nothing; its numbers always grow, also where the hub opens a second bar."""

    class Progress:
        highest = 0  # shared by all bars of one download

        def __init__(self, *_: object, total: float | None = None, initial: float = 0, **__: object) -> None:
            self.total = total
            self.n = initial

        def __enter__(self) -> "Progress":
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def update(self, n: float | None = 1) -> None:
            self.n += n or 0
            total = size_bytes or int(self.total or 0)
            if on_progress and total >= self.n > Progress.highest:
                Progress.highest = int(self.n)
                on_progress(Progress.highest, total)

        def ignore(self, *_: object, **__: object) -> None:
            pass

        update_transfer = set_transfer_postfix_str = set_postfix_str = set_description = ignore
        refresh = close = ignore

    return Progress


@contextlib.contextmanager
def _no_bars() -> Iterator[None]:
    from huggingface_hub import utils

    on = not utils.are_progress_bars_disabled()  # type: ignore[attr-defined]
    utils.disable_progress_bars()  # type: ignore[attr-defined]
    try:
        yield
    finally:
        if on:
            utils.enable_progress_bars()  # type: ignore[attr-defined]


@contextlib.contextmanager
def _silent_log() -> Iterator[None]:
    """Keep huggingface_hub from writing warnings to stderr: what matters is raised, or tried again."""
    hub = logging.getLogger("huggingface_hub")
    level = hub.level
    hub.setLevel(logging.ERROR)
    try:
        yield
    finally:
        hub.setLevel(level)


def _network_faults() -> tuple[type[Exception], ...]:
    """Whatever huggingface_hub, its http library (requests, httpx or httpx2) or the disk may raise."""
    from huggingface_hub.errors import HfHubHTTPError

    # The bases of this error are the bases of all errors of the http library in use.
    return OSError, *cast("tuple[type[Exception], ...]", HfHubHTTPError.__bases__)


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
    caught: tuple[type[Exception], ...] = (*_network_faults(), ValueError, RuntimeError)
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
