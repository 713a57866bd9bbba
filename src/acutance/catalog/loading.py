"""A name becomes a model that is ready to score: built, its weights read, placed, its provenance noted."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from acutance.catalog.entries import ModelEntry, PublishedWeights, find_model
from acutance.errors import CheckpointError, ConfigError, MissingWeightsError, UnknownNameError

if TYPE_CHECKING:  # importing acutance must not load torch
    import torch

    from acutance.models.quality_model import QualityModel

Precision = Literal["float32", "bfloat16", "float64"]
PRECISIONS: tuple[Precision, ...] = ("float32", "bfloat16", "float64")
DEVICES = ("auto", "cpu", "cuda", "mps")
OnProgress = Callable[[int, int], None]


def load(
    name: str,
    weights: str | os.PathLike[str] | None = None,
    *,
    device: "str | torch.device" = "cpu",
    precision: Precision = "float32",
    offline: bool = False,
    on_progress: OnProgress | None = None,
    **options: Any,  # noqa: ANN401 (each model has its own)
) -> "QualityModel":
    """A model ready to score, in evaluation mode, its weights frozen.

    Args:
        name: A name from ``list_models()``.
        weights: File of weights, published or converted; by default the published ones, from this machine
            or downloaded.
        device: ``"cpu"``, ``"cuda"`` (or ``"cuda:1"``), ``"mps"``, or ``"auto"`` for the best there is.
        precision: ``"float32"``; ``"bfloat16"`` for faster matrix products and scores a little off;
            ``"float64"``. A metric without matrix products computes in float32 instead of bfloat16.
        offline: Never touch the network.
        on_progress: Called with bytes done and bytes in all during a download.
        options: Options of the model, such as ``channel="rgb"`` for ``ssim``.

    Returns:
        An ``nn.Module``: ``model(distorted, reference)`` gives (N,) scores, differentiable in both images;
        ``model.terms(...)`` what they are made of; ``model.provenance`` what they depend on.

    Raises:
        UnknownNameError: No model, option, device or precision of that name.
        ConfigError: A setting that does not fit the model or the machine.
        CheckpointError: Weights that are missing, damaged or of another model.

    Example:
        >>> import torch
        >>> psnr = load("psnr")
        >>> black, white = torch.zeros(1, 3, 8, 8), torch.ones(1, 3, 8, 8)
        >>> psnr(black, white)
        tensor([0.])
    """
    entry = find_model(name)
    if precision not in PRECISIONS:
        raise UnknownNameError("precision", precision, PRECISIONS)
    place, known = _device(str(device)), _known_options(entry, options)
    if precision == "float64" and place.type == "mps":
        raise ConfigError("Expected float32 or bfloat16 on mps, which has no float64, got float64. Use cpu for it.")
    path = _weights_path(entry, weights, offline=offline, on_progress=on_progress)
    model = entry.build(**known)
    if path is not None and entry.weights is not None:
        model.load_state_dict(read_weights(entry.weights, path, model.state_dict()))
    return _ready(entry, model, path, place, precision)


def read_weights(
    weights: PublishedWeights, path: Path, expected: Mapping[str, "torch.Tensor"]
) -> dict[str, "torch.Tensor"]:
    """The tensors of a file, published or converted, under the names a model expects.

    Raises:
        CheckpointError: A damaged file, or one of another model.
    """
    from acutance.checkpoints import store
    from acutance.checkpoints.pytorch_file import read_pytorch

    if store.is_own_format(path):
        tensors, _ = store.load(path, model=weights.stored_as)
        absent = sorted(set(expected) - set(tensors))
        if absent:
            raise CheckpointError(f"Expected the tensor {absent[0]} in {path}, got none. Convert the weights again.")
        return {name: tensors[name] for name in expected}
    foreign = read_pytorch(path)
    weights.check(foreign)
    return weights.keys.apply(foreign, expected)


def _weights_path(
    entry: ModelEntry, given: str | os.PathLike[str] | None, *, offline: bool, on_progress: OnProgress | None
) -> Path | None:
    if entry.weights is None:
        if given is not None:
            raise ConfigError(
                f"Expected no weights for {entry.name}, which has none, got {os.fspath(given)}. Leave them out."
            )
        return None
    if given is None:
        from acutance.checkpoints.download import fetch

        return fetch(entry.weights.record, offline=offline, on_progress=on_progress)
    path = Path(given)
    if not path.is_file():
        got = "a folder" if path.is_dir() else "no such file"
        raise MissingWeightsError(
            f"Expected the file of weights of {entry.name} at {path}, got {got}. Name the file, set ACUTANCE_WEIGHTS "
            f"to its folder, or do: acutance weights fetch {entry.weights.record.name}"
        )
    return path


def _known_options(entry: ModelEntry, options: dict[str, Any]) -> dict[str, Any]:
    known = entry.options or {}
    for name in options:
        if name not in known:
            if not known:
                raise ConfigError(f"Expected no options for {entry.name}, which has none, got {name!r}. Leave it out.")
            raise UnknownNameError(f"option of {entry.name}", name, known)
    return options


def _device(name: str) -> "torch.device":
    import torch

    kind = name.partition(":")[0]
    if kind not in DEVICES:
        raise UnknownNameError("device", name, DEVICES)
    there = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if kind == "auto":
        name = kind = next(device for device in ("cuda", "mps", "cpu") if there[device])
    if not there[kind]:
        raise ConfigError(f"Expected a device that this machine has, got {name!r}, which PyTorch cannot find. Use cpu.")
    try:
        return torch.device(name)
    except RuntimeError as error:
        raise ConfigError(f"Expected a device such as cpu or cuda:1, got {name!r}. Leave the number out.") from error


def _ready(
    entry: ModelEntry, model: "QualityModel", path: Path | None, device: "torch.device", precision: Precision
) -> "QualityModel":
    import torch

    from acutance.checkpoints.digest import sha256_of
    from acutance.checkpoints.store import is_own_format, read_header
    from acutance.models.quality_model import ModelProvenance

    model.eval().requires_grad_(requires_grad=False)
    used: str = precision
    if precision == "float64":
        model.to(torch.float64)
    elif precision == "bfloat16" and not model.use_bfloat16_products():
        used = "float32"
    model.to(device)
    model.provenance = ModelProvenance(
        model=entry.name,
        weights=path.name if path else None,
        weights_sha256=sha256_of(path) if path else None,
        published_sha256=read_header(path).source_sha256 if path and is_own_format(path) else None,
        preprocessing=model.preprocessing(),
        precision=model.computes_in(used, device.type),
        device=str(device),
    )
    model.loaded_state = model.state_mark()
    return model
