"""Our own files of weights: safetensors that say which model they are and where they came from."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from acutance.errors import CheckpointError, ConfigError, MissingWeightsError
from acutance.extras import installed_versions
from acutance.tables.strict_json import from_json, json_text
from acutance.types import ScoreInfo

if TYPE_CHECKING:
    import torch


LENGTH_BYTES = 8
"""A safetensors file begins with the length of its JSON header, little-endian."""
LONGEST_HEADER = 100_000_000
"""The library's own limit; a larger number means that the file is something else."""


def looks_like_safetensors(start: bytes) -> bool:
    """Whether the first nine bytes of a file are those of a safetensors file.

    Example:
        >>> looks_like_safetensors(bytes([2, 0, 0, 0, 0, 0, 0, 0]) + b"{}")
        True
    """
    length = int.from_bytes(start[:LENGTH_BYTES], "little")
    return start[LENGTH_BYTES : LENGTH_BYTES + 1] == b"{" and 2 <= length <= LONGEST_HEADER


def read_metadata(path: Path) -> dict[str, str] | None:
    """The free text of a safetensors file by key; ``None`` of another file. No tensor is read.

    Raises:
        CheckpointError: A damaged file, or one that is not whole.
    """
    from safetensors import SafetensorError, safe_open

    with path.open("rb") as file:
        if not looks_like_safetensors(file.read(LENGTH_BYTES + 1)):
            return None
    try:
        with safe_open(path, framework="numpy") as opened:
            return opened.metadata() or {}
    except (SafetensorError, OSError) as error:
        size = path.stat().st_size
        raise CheckpointError(
            f"Expected a whole safetensors file at {path}, got {size} bytes: {error}. Copy it again."
        ) from error


FORMAT = "acutance"
"""Value of ``format`` in the metadata of our files."""
FORMAT_VERSION = 1
"""Layout of the metadata; a reader refuses a newer one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StoreHeader:
    """What a file of weights says of itself."""

    model: str
    """Name of the model in the catalogue."""
    config: dict[str, object]
    """Its configuration as plain JSON values."""
    source_sha256: str | None
    """Digest of the published file the weights were taken from; ``None`` if they were trained here."""
    acutance_version: str
    """Version of acutance that wrote the file."""
    format_version: int
    """Version of this layout."""
    trunk_sha256: dict[str, str] = field(default_factory=dict)
    """Digests of the files of its backbones by the names of their records, or of merged files of stages by theirs."""
    score_info: ScoreInfo | None = None
    """How to read its scores, where it was trained on opinions of its own; ``None`` as the catalogue says."""
    scores_as: str | None = None
    """Model of the catalogue that scores with it, where that is not ``model``."""
    options: dict[str, object] | None = None
    """Options of the model that its training validated with; ``None`` if none were recorded."""


def save(
    path: Path,
    tensors: Mapping[str, "torch.Tensor"],
    *,
    model: str,
    config: Mapping[str, object],
    source_sha256: str | None,
    trunk_sha256: Mapping[str, str] | None = None,
    score_info: ScoreInfo | None = None,
    scores_as: str | None = None,
    options: Mapping[str, object] | None = None,
) -> None:
    """Write weights by own name, whole or not at all: a reader never sees half a file.

    A file that is there is replaced; the folder must exist. ``StoreHeader`` says what the other values are.

    Raises:
        ConfigError: A configuration or options that JSON cannot hold.
        CheckpointError: The file cannot be written.
    """
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    metadata = {
        "format": FORMAT,
        "format_version": str(FORMAT_VERSION),
        "model": model,
        "config": _as_json(config),
        "source_sha256": source_sha256 or "",
        "trunk_sha256": _as_json(trunk_sha256 or {}),
        "acutance_version": installed_versions(("acutance",))["acutance"],
    }
    if score_info is not None:
        metadata["score_info"] = json_text(dict(sorted(asdict(score_info).items())))
    if scores_as is not None:
        metadata["scores_as"] = scores_as
    if options is not None:
        metadata["options"] = _as_json(options)
    whole = {name: tensor.detach().contiguous() for name, tensor in tensors.items()}
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        temporary.touch()
        mode = temporary.stat().st_mode  # safetensors would leave a file that nobody else can read
        save_file(whole, temporary, metadata)
        temporary.chmod(mode)
        temporary.replace(path)
    except (OSError, SafetensorError) as error:
        raise CheckpointError(f"Expected to write {path}, got: {error}. Check the folder and its disk.") from error
    finally:
        temporary.unlink(missing_ok=True)


def load(path: Path, *, model: str | None = None) -> tuple[dict[str, "torch.Tensor"], StoreHeader]:
    """The weights of a file in our own format on the CPU, and what the file says of itself.

    Args:
        path: The file.
        model: Name of the model that is wanted; ``None`` takes any.

    Raises:
        MissingWeightsError: There is no such file.
        CheckpointError: Another format, a newer version of ours, a truncated file, or another model.
    """
    header = read_header(path)
    if model is not None:
        require_model(header, model, path)
    return read_tensors(path), header


def read_tensors(path: Path) -> dict[str, "torch.Tensor"]:
    """Every tensor of a safetensors file on the CPU, by name.

    Raises:
        CheckpointError: A damaged file.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(path, device="cpu")
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"Expected weights in {path}, got a damaged file: {error}. Get it again.") from error


def fitted(
    tensors: Mapping[str, "torch.Tensor"], expected: Mapping[str, "torch.Tensor"], path: Path
) -> "dict[str, torch.Tensor]":
    """Those of a file's tensors that a model expects, in shape, type and value fit for it.

    Args:
        tensors: From ``load``.

    Raises:
        CheckpointError: A tensor of another shape, whole numbers in the place of fractions, or NaN.
    """
    import torch

    known = {name: tensors[name] for name in expected if name in tensors}
    for name, tensor in known.items():
        wanted = expected[name]
        if tensor.shape != wanted.shape or tensor.is_floating_point() != wanted.is_floating_point():
            raise CheckpointError(
                f"Expected {name} of shape {tuple(wanted.shape)} and type {wanted.dtype} in {path}, got "
                f"{tuple(tensor.shape)} and {tensor.dtype}. Convert or train them again."
            )
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
            raise CheckpointError(
                f"Expected finite numbers in {name} of {path}, got NaN or infinity. Convert or train them again."
            )
    return known


def read_header(path: Path) -> StoreHeader:
    """What a file in our own format says of itself; no weights are read.

    Raises:
        MissingWeightsError: There is no such file.
        CheckpointError: Another format, a newer version of ours, or a truncated file.
    """
    if not path.is_file():
        got = "is a folder" if path.is_dir() else "is not there"
        raise MissingWeightsError(f"Expected a file of weights, got {path}, which {got}. Check the path.")
    header = own_header(path)
    if header is None:
        got = "another file" if read_metadata(path) is None else "a safetensors file of another program"
        raise CheckpointError(
            f"Expected weights saved by acutance in {path}, got {got} or a damaged one. "
            "Pass a file that acutance wrote, or the published one."
        )
    return header


def own_header(path: Path) -> StoreHeader | None:
    """What a file says of itself; ``None`` for one that ``save`` did not write, or that is not there.

    Raises:
        CheckpointError: A newer version of our format, or a truncated file.
    """
    metadata = read_metadata(path) if path.is_file() else None
    return None if metadata is None or metadata.get("format") != FORMAT else _parsed(metadata, path)


def require_model(header: StoreHeader, model: str, path: Path) -> None:
    """Raise ``CheckpointError`` unless a file holds weights of the model that is wanted."""
    if header.model != model:
        raise CheckpointError(
            f"Expected weights of {model} in {path}, got those of {header.model}. "
            f"Pass the file of {model}, or load {header.model}."
        )


def is_own_format(path: Path) -> bool:
    """Whether a file was written by ``save``, by its content; one that is damaged or not there was not."""
    try:
        metadata = read_metadata(path) if path.is_file() else None
    except CheckpointError:
        return False
    return metadata is not None and metadata.get("format") == FORMAT


def _as_json(config: Mapping[str, object]) -> str:
    try:
        return json.dumps(dict(config), sort_keys=True, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ConfigError(
            f"Expected a configuration of plain JSON values, got: {error}. Use model_dump(mode='json')."
        ) from error


def _parsed(metadata: Mapping[str, str], path: Path) -> StoreHeader:
    try:
        version = int(metadata["format_version"])
    except (KeyError, ValueError, TypeError) as error:
        raise _damaged(path, "no format version") from error
    if version > FORMAT_VERSION:
        writer = metadata.get("acutance_version", "of a later version")
        raise CheckpointError(
            f"Expected format version {FORMAT_VERSION} or older in {path}, got {version}, written by "
            f"acutance {writer}. Install that version of acutance or a later one."
        )
    try:
        return StoreHeader(
            model=metadata["model"],
            config=dict(json.loads(metadata["config"])),
            source_sha256=metadata["source_sha256"] or None,
            trunk_sha256=dict(json.loads(metadata.get("trunk_sha256", "{}"))),
            acutance_version=metadata["acutance_version"],
            format_version=version,
            score_info=_score_info(metadata.get("score_info")),
            scores_as=metadata.get("scores_as"),
            options=None if "options" not in metadata else dict(json.loads(metadata["options"])),
        )
    except (LookupError, ValueError, TypeError, RecursionError) as error:
        raise _damaged(path, f"{type(error).__name__}: {error}") from error


def _score_info(text: str | None) -> ScoreInfo | None:
    if text is None:
        return None
    fields = dict(from_json(text))
    usual = fields.get("usual")
    return ScoreInfo(**{**fields, "usual": None if usual is None else (float(usual[0]), float(usual[1]))})


def _damaged(path: Path, got: str) -> CheckpointError:
    return CheckpointError(f"Expected metadata of acutance in {path}, got {got}. Write the file again.")
