"""Every model by name, and how a name becomes a model that is ready to score; importing this imports no torch."""

import importlib.metadata
import inspect
import logging
import os
import re
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, cached_property, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from acutance.errors import CheckpointError, ConfigError, MissingWeightsError, UnknownNameError
from acutance.models.afine import entry as afine
from acutance.models.afine_tiny import entry as afine_tiny
from acutance.models.ahiq import entry as ahiq
from acutance.models.classic import entry as classic
from acutance.models.entry import (
    ModelEntry,
    checked_options,
    entry_of,
    imported,
    with_recorded,
)
from acutance.models.hyperiqa import entry as hyperiqa
from acutance.models.ms_hyperiqa import entry as ms_hyperiqa
from acutance.models.vtamiq import entry as vtamiq
from acutance.models.weights_file import WeightsFile, backbone_tensors, find_backbones, open_weights, own_tensors
from acutance.types import JSON, PRECISIONS, OnProgress, Precision
from acutance.weights.record import CheckpointRecord

if TYPE_CHECKING:
    import torch

    from acutance.models.quality_model import ModelProvenance, QualityModel

ENTRIES = (
    *afine.ENTRIES,
    *afine_tiny.ENTRIES,
    ahiq.ENTRY,
    *hyperiqa.ENTRIES,
    ms_hyperiqa.ENTRY,
    *vtamiq.ENTRIES,
    *classic.ENTRIES,
)
"""The models of the package."""
GROUPS = {"classic": ("psnr", "ssim", "ms_ssim", "gmsd", "vsi")}
"""Names that stand for several models."""
PLUGINS = "acutance.models"
"""Entry points by which installed packages add models."""
PLUGIN_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")
"""What an added model may be called."""
IMPORTABLE = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")
"""A model given as ``package.module:Name``."""
BEST = "best.safetensors"
"""The weights of a training that validated best."""
BFLOAT16_NOTE = "bfloat16 changes nothing for"
"""How what is said of models that cannot compute in it begins."""
DEVICES = ("auto", "cpu", "cuda", "mps")
_LOGGER = logging.getLogger(__name__)
Loader = TypeVar("Loader", bound=Callable[..., object])


class Catalogue(Mapping[str, ModelEntry]):
    """Models by name: those of the package, of installed packages, and those imported by ``package.module:Name``."""

    def __init__(self, entries: Iterable[ModelEntry]) -> None:
        self._own = {entry.name: entry for entry in entries}
        self._imported: dict[str, ModelEntry] = {}

    @cached_property
    def _installed(self) -> dict[str, ModelEntry]:
        """Read when somebody asks for a name that the package does not have, or for all names."""
        found: dict[str, ModelEntry] = {}
        for point in importlib.metadata.entry_points(group=PLUGINS):
            try:
                if not PLUGIN_NAME.fullmatch(point.name) or point.name in self._own or point.name in found:
                    raise ConfigError("its name is taken, or is not made of a-z, 0-9, _ and - alone")
                found[point.name] = entry_of(point.name, point.load())
            except Exception as error:  # noqa: BLE001 (whatever somebody's package raises)
                reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
                _LOGGER.warning("The model %s of an installed package is left out: %s", point.value, reason)
        return found

    def __getitem__(self, name: str) -> ModelEntry:
        found = self._own.get(name) or self._imported.get(name)
        return found or self._installed[name]

    def __iter__(self) -> Iterator[str]:
        return iter((*self._own, *self._installed))

    def __len__(self) -> int:
        return len(self._own) + len(self._installed)

    def add_imported(self, name: str) -> ModelEntry:
        """The model that ``package.module:Name`` names, known by that name from now on.

        Raises:
            ConfigError: Nothing of that name can be imported, or it is no model.
        """
        if name not in self._imported:
            here = str(Path.cwd())
            sys.path.append(here)  # as for python -m
            try:
                self._imported[name] = entry_of(name, imported(name))
            except ConfigError:
                raise
            except Exception as error:
                got = f"{type(error).__name__}: {error}".rstrip(".")
                raise ConfigError(f"Cannot import the model {name}: {got}. Check its name and its code.") from error
            finally:
                sys.path.remove(here)
        return self._imported[name]


CATALOG = Catalogue(ENTRIES)
"""Every model by name; the names of models of the package are in lower case."""
_FORMER_NAMES = {
    record.former_name: record.name
    for entry in ENTRIES
    if entry.weights
    for record in (entry.weights.record, *entry.weights.starts)
    if record.former_name
}
"""Present names of models and weights by those of acutance 0.1."""


def list_models() -> list[ModelEntry]:
    """Every model there is, sorted by name.

    Example:
        >>> [entry.name for entry in list_models()][:3]
        ['afine', 'afine-fidelity', 'afine-naturalness']
    """
    return [CATALOG[name] for name in sorted(CATALOG)]


def find_model(name: str) -> ModelEntry:
    """The entry of a model by its name in any case, or as ``package.module:Name``.

    Raises:
        UnknownNameError: If there is none of that name; the message offers the nearest.
        ConfigError: The name of a group of models, or a path, or nothing that can be imported.

    Example:
        >>> find_model("PSNR").name
        'psnr'
    """
    known = catalogue_name(name)
    if known in CATALOG:
        return CATALOG[known]
    if known in GROUPS:
        raise ConfigError(f"Expected one model, got {name!r}, which stands for {', '.join(GROUPS[known])}. Choose one.")
    if "," in name and len(names := model_names(name)) > 1:
        raise ConfigError(f"Expected one model, got {len(names)}: {', '.join(names)}. Choose one.")
    if IMPORTABLE.fullmatch(name) and not os.path.lexists(name):
        return CATALOG.add_imported(name)
    if Path(name).name != name or os.path.lexists(name):
        got = "a folder without such weights" if Path(name).is_dir() else "a file" if Path(name).exists() else "nothing"
        raise ConfigError(
            f"Expected the name of a model or the folder of a training at {name}, got {got} there. Name another; a "
            "file of weights is given beside the name of its model (--weights, weights=)."
        )
    raise UnknownNameError("model", name, (*CATALOG, *GROUPS), listed_by="acutance models")


def catalogue_name(name: str) -> str:
    """The name of a model, a group or weights as the catalogue writes it; one that it does not know stays as it is.

    A name of acutance 0.1 becomes the present one, and one line says so.

    Example:
        >>> catalogue_name("SSIM"), catalogue_name("ms-ssim"), catalogue_name("Classic"), catalogue_name("runs/Small")
        ('ssim', 'ms_ssim', 'classic', 'runs/Small')
    """
    lowered = name.lower()
    if lowered in _FORMER_NAMES:
        _say_new_name(lowered)
        return _FORMER_NAMES[lowered]
    spellings = (lowered, lowered.replace("-", "_"), lowered.replace("_", "-"))
    return next((known for known in spellings if known in CATALOG or known in GROUPS), name)


@cache
def _say_new_name(former: str) -> None:
    """Once in a process."""
    _LOGGER.warning("%s is now called %s; the old name still works", former, _FORMER_NAMES[former])


def model_names(text: str) -> list[str]:
    """Names of models and folders of trainings between commas; a folder may have commas in its own name.

    Raises:
        ConfigError: There is none.

    Example:
        >>> model_names("psnr, SSIM,runs/small")
        ['psnr', 'SSIM', 'runs/small']
    """
    names = (
        [text] if "," in text and Path(text).is_dir() else [name.strip() for name in text.split(",") if name.strip()]
    )
    if not names:
        raise ConfigError(f"Expected the name of a model, got {text!r}. The models are listed by: acutance models")
    return names


def list_records() -> dict[str, CheckpointRecord]:
    """Every file of weights there is, those of backbones too, by name."""
    records: dict[str, CheckpointRecord] = {}
    for entry in list_models():
        if entry.weights is not None:
            records.setdefault(entry.weights.record.name, entry.weights.record)
            backbones = [backbone.record for layout in entry.weights.layouts for backbone in layout.backbones]
            records |= {record.name: record for record in (*backbones, *entry.weights.starts)}
    return dict(sorted(records.items()))


def find_record(name: str) -> CheckpointRecord:
    """A file of weights by name.

    Raises:
        UnknownNameError: If there is none of that name; the message offers the nearest.
    """
    records = list_records()
    name = name if name in records else catalogue_name(name)
    if name not in records:
        raise UnknownNameError("set of weights", name, records)
    return records[name]


def records_of(name: str) -> list[CheckpointRecord]:
    """The file of weights of that name, and the backbones that it needs beside it.

    Raises:
        UnknownNameError: If there is none of that name; the message offers the nearest.
    """
    record = find_record(name)
    weights = [entry.weights for entry in list_models() if entry.weights and entry.weights.record == record]
    backbones = {
        backbone.record.name: backbone.record for one in weights for backbone in one.layouts[0].backbones if one.layouts
    }
    return [record, *backbones.values()]


def run_weights(name: str | os.PathLike[str]) -> Path | None:
    """The weights of the folder of a training; ``None`` for anything else that a user may call a model.

    Raises:
        CheckpointError: The folder of a training that has no weights yet, or of several trainings.
    """
    folder = Path(name)
    if not folder.is_dir() or not ((folder / BEST).exists() or (folder / "config.json").exists()):
        return None
    if (folder / "repeats.json").exists():
        raise CheckpointError(
            f"Expected the folder of one training, got that of several: {folder}. Name one: {folder / 'run_01'}"
        )
    if not (folder / BEST).exists():
        raise CheckpointError(
            f"Expected the weights {BEST} of a training in {folder}, got none: it has not validated yet. "
            "Go on with: acutance train --resume"
        )
    return folder / BEST


def model_of_run(path: Path) -> str:
    """Name of the model that some weights of a training are for.

    Raises:
        CheckpointError: Another file, or a damaged one.
    """
    from acutance.weights.store import read_header

    header = read_header(path)
    name = header.scores_as or header.model
    return _FORMER_NAMES.get(name, name)


def recorded_options(entry: ModelEntry, weights: str | os.PathLike[str] | None) -> dict[str, Any] | None:
    """The options that weights were validated with; ``None`` if they record none, or are not here.

    Args:
        entry: The model that is to score with them.
        weights: The file; ``None`` for the one of the model on this machine.

    Raises:
        CheckpointError: A damaged file.
    """
    from acutance.weights.download import find
    from acutance.weights.store import own_header

    if entry.weights is None or not entry.options:
        return None
    path = find(entry.weights.record) if weights is None else Path(weights)
    header = own_header(path) if path else None
    names = (entry.weights.stored_as, entry.weights.record.former_name)
    return header.options if header and header.model in names else None


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
    backbones = find_backbones(file.backbones, offline=offline, on_progress=on_progress)
    for backbone in file.backbones:
        tensors |= backbone_tensors(backbone, backbones[backbone.record.name], before)
    model.load_state_dict(before | tensors)
    ready = _ready(entry, model, file, backbones, place, precision, origin)
    if weights is None and ready.provenance and ready.provenance.weights_sha256:
        _warn_of_change(entry.weights.record, path, ready.provenance.weights_sha256)
    return ready


def _warn_of_change(record: CheckpointRecord, path: Path, digest: str) -> None:
    """Log one line if the file that was found is not the published one, or not the one of its first use."""
    from acutance.weights.download import compared

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
    backbones: Mapping[str, Path],
    device: "torch.device",
    precision: Precision,
    origin: Mapping[str, "JSON"] | None = None,
) -> "QualityModel":
    import torch

    from acutance.models.quality_model import ModelProvenance
    from acutance.weights.download import sha256_of

    origin = {**_code_of(entry, model), **(origin or {})}
    used: str = precision
    if precision == "bfloat16" and not model.use_bfloat16_products():
        used = "float32"
    model.to(device, torch.float64 if precision == "float64" else torch.float32)
    if file and file.score_info:
        model.info = file.score_info
    separate = backbones
    if file and file.parts:
        separate = {part.path.name: part.path for part in file.parts if part.path}
    backbone_sha256 = {name: sha256_of(path) for name, path in separate.items()} or (file.trunk_sha256 if file else {})
    model.provenance = ModelProvenance(
        model=entry.name,
        weights=file.path.name if file else None,
        weights_sha256=sha256_of(file.path) if file and not file.parts else None,
        published_sha256=file.published_sha256 if file else None,
        trunk_sha256=backbone_sha256 or None,
        preprocessing={**model.preprocessing(), **origin},
        precision=model.computes_in(used, device.type),
        device=str(device),
    )
    if precision == "bfloat16" and (note := bfloat16_note([model.provenance])):
        warnings.warn(note, stacklevel=4)  # of who called load
    return model.freeze()


def _code_of(entry: ModelEntry, model: "QualityModel") -> "dict[str, JSON]":
    """Provenance of the code of an added model: its place, and a checksum of that file."""
    from acutance.weights.download import sha256_of

    kind = type(model)
    if entry in ENTRIES:
        return {}
    try:
        source = inspect.getsourcefile(kind)
    except (TypeError, OSError):  # made while the program ran
        source = None
    digest: JSON = sha256_of(Path(source)) if source and Path(source).is_file() else None
    return {"code": f"{kind.__module__}:{kind.__qualname__}", "code_sha256": digest}


def bfloat16_note(provenances: "Iterable[ModelProvenance]") -> str | None:
    """Note on the models that do not compute in bfloat16 as asked; ``None`` if all do."""
    others = [f"{each.model} ({each.precision})" for each in provenances if "bfloat16" not in each.precision]
    return f"{BFLOAT16_NOTE} {', '.join(others)}, which cannot compute in it here." if others else None
