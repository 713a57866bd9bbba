"""What a caller asked for, checked before any work: pairs, models, settings."""

import os
import shlex
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from acutance.catalog import (
    BFLOAT16_NOTE,
    GROUPS,
    Precision,
    bfloat16_note,
    catalogue_name,
    find_model,
    load,
    model_names,
)
from acutance.errors import ConfigError, InputError
from acutance.images.decode import upright_size
from acutance.models.entry import ModelEntry
from acutance.models.quality_model import ModelProvenance, QualityModel
from acutance.scoring.left_out import LeftOut, kinds_of
from acutance.scoring.manifest import is_manifest, read_manifest
from acutance.scoring.output import demand_continues, score_to_file
from acutance.scoring.pairing import Pairing, pair_up
from acutance.scoring.rows import ScoreRow
from acutance.scoring.score_file import ScoreFile
from acutance.scoring.scorer import score_pairs
from acutance.scoring.settings import ScoringSettings
from acutance.scoring.sources import Sources, is_path
from acutance.scoring.trained import ModelChoice, Weights, with_trained
from acutance.types import OnProgress, ScoreInfo

Options = Mapping[str, Mapping[str, Any]]
Value = TypeVar("Value")

DEFAULT_MODEL, DEFAULT_ALONE = "afine-tiny", "afine-tiny-naturalness"
"""What scores a pair, and a picture without a reference, when no model is named."""


class ScoreRequest:
    """One run of scoring, planned and checked; models are loaded when asked to.

    Args:
        images: What to score; see ``acutance.score``. Or a plan that is made already, in which a picture without a
            reference fails for the models that compare, unless none has one.
        reference: What to compare with.
        model: Names of models or groups (commas between several), or loaded models; ``None`` for the default one.
        weights: A file for the models that have weights, or files by model name.
        options: Options by model name.
        settings: How to run.
        pair_by: How names meet in two folders.
        allow_unmatched: Score the rest when some files have no partner.

    Raises:
        PairingError: Pictures and references that do not fit together.
        ConfigError: Models, weights or options that do not fit the request.
    """

    def __init__(
        self,
        images: Sources | Pairing,
        reference: Sources | None,
        model: ModelChoice | Sequence[ModelChoice] | None,
        *,
        weights: Weights | None = None,
        options: Options | None = None,
        settings: ScoringSettings,
        pair_by: str = "path",
        allow_unmatched: bool = False,
    ) -> None:
        self.pairing = _plan(images, reference, pair_by)
        self.left_out = LeftOut(self.pairing.unread)
        self.settings = settings
        weights = _by_model(weights, "weights") if isinstance(weights, Mapping) else weights
        self.choices, weights = with_trained(_choices(model, self.pairing), weights)
        self.names = [_name(choice) for choice in self.choices]
        self._to_load = [choice for choice in self.choices if isinstance(choice, str)]
        self._images = images
        self._is_model_named = model is not None
        self._weights = weights
        self._options = _by_model(options or {}, "options")
        self._check_names()
        self._check_references()
        if not allow_unmatched:
            self.pairing.demand_complete()
        self.pairing.demand_some()
        if settings.strict and self.pairing.unread:
            raise InputError(
                f"Expected only pictures that are read because of strict, got {kinds_of(self.pairing.unread)}. Convert "
                "them to PNG, or leave strict out to score the rest."
            )
        self.models: list[QualityModel] = []

    def load_models(
        self, *, device: str, precision: Precision, offline: bool, on_progress: OnProgress | None = None
    ) -> list[str]:
        """Load the models that are named, large ones last; those that are loaded already stay as they are.

        Returns:
            What a user should know of them: that some cannot compute in the precision asked for.

        Raises:
            ConfigError: A model that is loaded already has another device or precision than asked for.
        """
        for choice in self.choices:
            if not isinstance(choice, str) and choice.provenance is not None:
                _check_loaded(choice.provenance, device, precision)
        loaded = {
            name: choice for name, choice in zip(self.names, self.choices, strict=True) if not isinstance(choice, str)
        }
        for name in sorted(self._to_load, key=lambda name: find_model(name).weights is not None):
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", message=BFLOAT16_NOTE)  # one line for all models below
                loaded[name] = load(
                    name,
                    self._weights_of(name),
                    device=device,
                    precision=precision,
                    offline=offline,
                    on_progress=on_progress,
                    **self._options.get(name, {}),
                )
        self.models = [loaded[name] for name in self.names]
        asked = [loaded[name].provenance for name in self._to_load] if precision == "bfloat16" else []
        note = bfloat16_note(provenance for provenance in asked if provenance is not None)
        return [note] if note else []

    @property
    def infos(self) -> dict[str, ScoreInfo]:
        """How to read the scores of each model; known when they are loaded."""
        return {name: model.info for name, model in zip(self.names, self.models, strict=True)}

    def rows(self, on_progress: OnProgress | None = None) -> Iterator[ScoreRow]:
        """Every row, made one by one."""
        frames = self.left_out.frames
        for rows in score_pairs(self.pairing.pairs, self.models, self.settings, frames=frames, on_progress=on_progress):
            self.left_out.count_depth(rows)
            yield from rows

    def output(
        self, path: Path, *, term_names: Sequence[str] = (), resume: bool = False, overwrite: bool = False
    ) -> ScoreFile:
        """The file of scores, checked and not yet touched; needs no models yet.

        Raises:
            ConfigError: It cannot be written, exists, or was begun by another run.
        """
        if resume and overwrite:
            raise ConfigError("Expected --resume or --overwrite, got both. Leave one of them out.")
        if is_manifest(self._images) and path.absolute() == Path(str(self._images)).absolute():
            raise ConfigError(f"Expected another file of scores than the manifest {path}. Choose another name.")
        file = ScoreFile(path, term_names, resume=resume, overwrite=overwrite)
        demand_continues(file, self.pairing.pairs, self.names, self.settings.background, self.settings.hdr_peak)
        return file

    def to_file(self, file: ScoreFile, on_progress: OnProgress | None = None) -> Iterator[ScoreRow]:
        """Every row, each written to a file before it is given out."""
        return score_to_file(
            self.pairing.pairs, self.models, self.settings, file, left_out=self.left_out, on_progress=on_progress
        )

    def term_names(self) -> tuple[str, ...]:
        """The terms of all models, each once."""
        return tuple(dict.fromkeys(term for name in self.names for term in find_model(name).term_names))

    def report(self) -> list[str]:
        """What a user should know before the work begins."""
        count, passed = len(self.pairing.pairs), len(self.pairing.ignored)
        lines = [f"{count} picture{'s' if count > 1 else ''} by {', '.join(self.names)}"]
        if passed:
            what = "files that are no pictures by their names" if passed > 1 else "file that is no picture by its name"
            lines.append(f"passed over {passed} {what}")
        lines += [*self.left_out.before(), *self.pairing.notes]
        twice = count - len({(pair.image.key, pair.reference and pair.reference.key) for pair in self.pairing.pairs})
        if twice and not isinstance(self._images, Pairing):
            lines.append(f"named more than once, and scored as often: {twice} picture{'s' if twice > 1 else ''}")
        if left_over := self.pairing.left_over():
            lines.append(f"left out: {left_over}")
        return lines

    def hints(self) -> list[str]:
        """What may have been meant otherwise: two pictures of one size that are scored alone, by no model's name."""
        pairs = self.pairing.pairs
        if self._is_model_named or not self._are_two_files() or any(pair.reference for pair in pairs):
            return []
        sizes = {upright_size(Path(pair.image.source)) for pair in pairs}
        first, second = (shlex.quote(os.fspath(pair.image.source)) for pair in pairs)
        if len(sizes) > 1 or None in sizes or first == second:
            return []
        return [f"hint: scored alone, not compared; to compare: acutance score {first} --reference {second}"]

    def _are_two_files(self) -> bool:
        """Whether two files were named one by one, no folder and no manifest."""
        named = self._images if isinstance(self._images, list | tuple) else ()
        return len(named) == 2 and all(is_path(one) and Path(str(one)).is_file() for one in named)

    def _check_names(self) -> None:
        twice = sorted({name for name in self.names if self.names.count(name) > 1})
        if twice:
            raise ConfigError(f"Expected every model once, got {twice[0]} twice. Score with the second in another run.")
        weighted = [name for name in self._to_load if find_model(name).weights is not None]
        if self._weights is not None and not isinstance(self._weights, Mapping) and not weighted:
            raise ConfigError(
                f"Expected no weights for {', '.join(self.names)}, got {os.fspath(self._weights)}. Leave them out."
            )
        for name in (
            set(self._weights) & set(self._to_load) - set(weighted) if isinstance(self._weights, Mapping) else ()
        ):
            raise ConfigError(f"Expected no weights for {name}, which has none, got some. Leave them out.")
        for given, what in ((self._options, "options"), (self._weights, "weights")):
            strays = sorted(set(given) - set(self._to_load)) if isinstance(given, Mapping) else []
            if strays:
                raise ConfigError(
                    f"Expected {what} only for models to load ({', '.join(self._to_load) or 'none'}), got some for "
                    f"{strays[0]}. Name that model too, or leave them out."
                )

    def _check_references(self) -> None:
        comparing = [
            name for name, choice in zip(self.names, self.choices, strict=True) if _facts(choice).needs_reference
        ]
        alone = [pair.image.name for pair in self.pairing.pairs if pair.reference is None]
        is_mixture = isinstance(self._images, Pairing) and len(alone) < len(self.pairing.pairs)
        if comparing and alone and not is_mixture:
            example = f" such as --reference {alone[1]}" if len(alone) == 2 and self._are_two_files() else ""
            raise ConfigError(
                f"Expected a reference for {alone[0]}, because {comparing[0]} compares with one, got none. "
                f"Pass a reference{example} (--reference, reference=), or choose a no-reference model such as "
                f"{DEFAULT_ALONE}."
            )

    def _weights_of(self, name: str) -> str | os.PathLike[str] | None:
        if find_model(name).weights is None:
            return None
        return self._weights.get(name) if isinstance(self._weights, Mapping) else self._weights


def _check_loaded(loaded: ModelProvenance, device: str, precision: Precision) -> None:
    elsewhere = device != "auto" and loaded.device.partition(":")[0] != device.partition(":")[0]
    if elsewhere or (precision != "float32" and loaded.precision != precision):
        raise ConfigError(
            f"Expected {loaded.model} on {device} in {precision}, got it loaded on {loaded.device} in "
            f"{loaded.precision}. Leave device and precision out, or load it with them."
        )


def _plan(images: Sources | Pairing, reference: Sources | None, pair_by: str) -> Pairing:
    """The plan itself, the pairs of a manifest, or pictures with their references."""
    if isinstance(images, Pairing):
        return images
    for manifest in filter(is_manifest, images if isinstance(images, list | tuple) else ()):
        raise ConfigError(f"Expected one manifest alone, got {manifest} among others. Put all pairs into one file.")
    if not is_manifest(images):
        return pair_up(images, reference, pair_by=pair_by)
    if reference is not None:
        raise ConfigError(f"Expected no reference beside the manifest {images}, which names its own. Leave it out.")
    if pair_by != "path":
        raise ConfigError(f"Expected no pair_by beside the manifest {images}, which pairs itself. Leave it out.")
    return read_manifest(Path(str(images)))


def _facts(choice: ModelChoice) -> ModelEntry | QualityModel:
    return find_model(choice) if isinstance(choice, str) else choice


def _choices(model: ModelChoice | Sequence[ModelChoice] | None, pairing: Pairing) -> list[ModelChoice]:
    if model is None:
        alone = not any(pair.reference for pair in pairing.pairs) and not pairing.unmatched_images
        return [DEFAULT_ALONE if alone else DEFAULT_MODEL]
    given = [model] if isinstance(model, str | QualityModel) else list(model)
    chosen: list[ModelChoice] = [
        name for one in given for name in (model_names(one) if isinstance(one, str) else [one])
    ]
    if not chosen:
        raise ConfigError("Expected at least one model, got an empty list. Leave it out for the default one.")
    named = [catalogue_name(one) for one in chosen if isinstance(one, str)]
    choices: list[ModelChoice] = []
    for one in chosen:
        group = GROUPS.get(catalogue_name(one), ()) if isinstance(one, str) else ()
        choices += [member for member in group if member not in (*named, *choices)] if group else [one]
    return choices


def _by_model(given: Mapping[str, Value], what: str) -> dict[str, Value]:
    """What was given for each model, by the names of the catalogue."""
    named: dict[str, Value] = {}
    for written, value in given.items():
        name = catalogue_name(written)
        if name in named:
            raise ConfigError(f"Expected {what} of {name} once, got them twice. Leave one of them out.")
        named[name] = value
    return named


def _name(choice: ModelChoice) -> str:
    if isinstance(choice, str):
        return find_model(choice).name
    if choice.provenance is None:
        raise ConfigError(f"Expected a model from acutance.load, got a bare {type(choice).__name__}. Load it by name.")
    return choice.provenance.model
