"""A name becomes a model that is ready to score: built, its weights read, placed, its provenance noted."""

import logging
import os
import warnings
from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast

from acutance.catalog.entries import find_model
from acutance.catalog.options import checked_options, with_recorded
from acutance.catalog.runs import model_of_run, recorded_options, run_weights
from acutance.catalog.weights import WeightsFile, find_trunks, open_weights, own_tensors, trunk_tensors, trunks_of
from acutance.errors import CheckpointError, ConfigError, MissingWeightsError, UnknownNameError
from acutance.models.entry import ModelEntry
from acutance.types import OnProgress
from acutance.weights.record import CheckpointRecord

if TYPE_CHECKING:  # importing acutance must not load torch
    import torch

    from acutance.models.quality_model import JSON, ModelProvenance, QualityModel

Precision = Literal["float32", "bfloat16", "float64"]
PRECISIONS: tuple[Precision, ...] = ("float32", "bfloat16", "float64")
BFLOAT16_NOTE = "bfloat16 changes nothing for"
"""How what is said of models that cannot compute in it begins."""
DEVICES = ("auto", "cpu", "cuda", "mps")
_LOGGER = logging.getLogger(__name__)
Loader = TypeVar("Loader", bound=Callable[..., object])


def _outside_inference_mode(loader: Loader) -> Loader:
    """The same, whose tensors autograd takes later even if they are made in inference mode."""

    @wraps(loader)
    def load_plainly(*given: Any, **named: Any) -> object:  # noqa: ANN401 (as the loader)
        import torch

        with torch.inference_mode(mode=False):
            return loader(*given, **named)

    return cast("Loader", load_plainly)


@_outside_inference_mode
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
    """A model ready to score, frozen: training what holds it, or casting it to float16, changes no score.

    Args:
        name: A name from ``list_models()``, or the folder of a training.
        weights: File of weights, published or converted, the folder of a training, or a folder of the files of
            A-FINE's stages; by default the published ones, from this machine or downloaded.
        device: ``"cpu"``, ``"cuda"`` (or ``"cuda:1"``), ``"mps"``, or ``"auto"`` for the best there is.
        precision: ``"float32"``; ``"bfloat16"`` for faster matrix products and scores a little off;
            ``"float64"``. Where a model cannot compute in bfloat16, a warning says so.
        offline: Never touch the network.
        on_progress: Called with bytes done and bytes in all during a download.
        options: Options of the model, such as ``channel="rgb"`` for ``ssim``; by default those that the training of
            the weights recorded, or else the catalogue's.

    Returns:
        An ``nn.Module``: ``model(distorted, reference)`` gives (N,) scores, differentiable in both images;
        ``model.terms(...)`` what they are made of; ``model.provenance`` what they depend on. ``train()`` leaves it in
        evaluation mode; ``model.trainable()`` is a copy that can be trained.

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
    if weights is None and (trained := run_weights(name)):
        name, weights = model_of_run(trained), trained
    elif weights is not None:
        weights = run_weights(weights) or weights
    entry = find_model(name)
    if precision not in PRECISIONS:
        raise UnknownNameError("precision", precision, PRECISIONS)
    recorded = recorded_options(entry, weights)
    place, known = _device(str(device)), checked_options(entry, options, recorded)
    if precision == "float64" and place.type == "mps":
        raise ConfigError("Expected float32 or bfloat16 on mps, which has no float64, got float64. Use cpu for it.")
    path = _weights_path(entry, weights, offline=offline, on_progress=on_progress)
    if path is None or entry.weights is None:
        return _ready(entry, build(entry, {}, **known), None, {}, place, precision)
    file = open_weights(entry.weights, path)
    origin: dict[str, JSON] = {}
    if recorded is not None:
        known, origin["settings"] = with_recorded(known, recorded)
    elif "protocol" in entry.choices and "protocol" not in known and file.trained_here:
        _LOGGER.warning(
            "%s does not say which preprocessing its training validated with: %s scores by the catalogue's. Options "
            "change it.",
            path,
            entry.name,
        )
    model = build(entry, file.config, **known)
    before = model.state_dict()
    tensors = own_tensors(file, before)
    trunks = find_trunks(trunks_of(file), offline=offline, on_progress=on_progress)
    for trunk in trunks_of(file):
        tensors |= trunk_tensors(trunk, trunks[trunk.record.name], before)
    model.load_state_dict(before | tensors)
    ready = _ready(entry, model, file, trunks, place, precision, origin)
    if weights is None and ready.provenance and ready.provenance.weights_sha256:
        _warn_of_change(entry.weights.record, path, ready.provenance.weights_sha256)
    return ready


def _warn_of_change(record: CheckpointRecord, path: Path, digest: str) -> None:
    """Log one line if the file that was found is not the published one, or not the one of its first use."""
    from acutance.weights.verify import compared

    found = compared(record, path, digest)
    if not found.ok:
        _LOGGER.warning(
            "%s has the sha256 %s, not %s as %s. Check it: acutance weights verify %s",
            path,
            digest,
            found.expected,
            "at its first use" if found.at_first_use else "published",
            record.name,
        )


def build(entry: ModelEntry, config: Mapping[str, object], **options: Any) -> "QualityModel":  # noqa: ANN401
    """The model with random weights, built as a file of weights asks for.

    Raises:
        CheckpointError: A configuration that this version does not know.
    """
    from pydantic import ValidationError

    if config and entry.config is None:
        raise CheckpointError(
            f"Expected no configuration of {entry.name}, got {', '.join(config)}. Update acutance, or write the "
            "weights again."
        )
    try:
        return entry.make(config, options)
    except ValidationError as error:
        first = error.errors()[0]
        raise CheckpointError(
            f"Expected a configuration of {entry.name} that this version knows, got {first['input']!r} as "
            f"{'.'.join(map(str, first['loc'])) or 'it'}. Update acutance, or write the weights again."
        ) from error


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
        from acutance.weights.download import fetch

        return fetch(entry.weights.record, offline=offline, on_progress=on_progress)
    path = Path(given)
    if not path.is_file() and not (path.is_dir() and entry.weights.read_parts):
        got = "a folder" if path.is_dir() else "no such file"
        raise MissingWeightsError(
            f"Expected the file of weights of {entry.name} at {path}, got {got}. Name the file, set ACUTANCE_WEIGHTS "
            f"to its folder, or do: acutance weights fetch {entry.weights.record.name}"
        )
    return path


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
    entry: ModelEntry,
    model: "QualityModel",
    file: WeightsFile | None,
    trunks: Mapping[str, Path],
    device: "torch.device",
    precision: Precision,
    origin: Mapping[str, "JSON"] | None = None,
) -> "QualityModel":
    import torch

    from acutance.models.quality_model import ModelProvenance
    from acutance.weights.digest import sha256_of

    used: str = precision
    if precision == "bfloat16" and not model.use_bfloat16_products():
        used = "float32"
    model.to(device, torch.float64 if precision == "float64" else torch.float32)
    if file and file.score_info:
        model.info = file.score_info
    separate = trunks if not file or not file.parts else {part.path.name: part.path for part in file.parts if part.path}
    trunk_sha256 = {name: sha256_of(path) for name, path in separate.items()} or (file.trunk_sha256 if file else {})
    model.provenance = ModelProvenance(
        model=entry.name,
        weights=file.path.name if file else None,
        weights_sha256=sha256_of(file.path) if file and not file.parts else None,
        published_sha256=file.published_sha256 if file else None,
        trunk_sha256=trunk_sha256 or None,
        preprocessing={**model.preprocessing(), **(origin or {})},
        precision=model.computes_in(used, device.type),
        device=str(device),
    )
    if precision == "bfloat16" and (note := bfloat16_note([model.provenance])):
        warnings.warn(note, stacklevel=4)  # of who called load
    return model.freeze()


def bfloat16_note(provenances: "Iterable[ModelProvenance]") -> str | None:
    """What to tell whoever asked for bfloat16 of models that compute in something else; ``None`` if none does."""
    others = [f"{each.model} ({each.precision})" for each in provenances if "bfloat16" not in each.precision]
    return f"{BFLOAT16_NOTE} {', '.join(others)}, which cannot compute in it here." if others else None
