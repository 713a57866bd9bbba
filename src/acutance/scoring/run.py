"""A run of scoring: planned and checked before any work, its models loaded, its rows made and written to a file."""

import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, Union

from acutance.catalog import (
    BFLOAT16_NOTE,
    GROUPS,
    bfloat16_note,
    catalogue_name,
    find_model,
    load,
    model_names,
    model_of_run,
    run_weights,
)
from acutance.errors import ConfigError, InputError
from acutance.images.formats import kinds_of
from acutance.images.frames import later_frames_of
from acutance.models.entry import ModelEntry
from acutance.scoring import provenance
from acutance.scoring.engine import score_pairs
from acutance.scoring.options import RunOptions
from acutance.scoring.pairing import Pair, Pairing, Sources, is_manifest, pair_up, read_manifest
from acutance.scoring.provenance import LeftOut
from acutance.scoring.rows import ScoreFile, ScoreRow, row_of_fields
from acutance.types import OnProgress

if TYPE_CHECKING:  # planning loads no torch, and a model that is given has loaded it
    from acutance.models.quality_model import ModelProvenance, QualityModel

ModelChoice = Union[str, "QualityModel"]
"""Name of a model, folder of a training, or a loaded model."""
Models = ModelChoice | Sequence[ModelChoice] | None
Weights = str | os.PathLike[str] | Mapping[str, str | os.PathLike[str]]
"""A file for all models that have weights, or files by model name."""
ModelOptions = Mapping[str, Mapping[str, Any]]
"""Options of models, by model name."""
Value = TypeVar("Value")

DEFAULT_MODEL, DEFAULT_ALONE = "afine-tiny", "afine-tiny-naturalness"
"""What scores a pair, and an image without a reference, when no model is named."""


@dataclass(frozen=True)
class ScorePlan:
    """Pairs and models of a run; checked, nothing loaded yet."""

    pairing: Pairing
    choices: list[ModelChoice]
    """The models: names of the catalogue, or loaded ones."""
    names: list[str]
    """Their names."""
    options: RunOptions
    weights: Weights | None = None
    model_options: ModelOptions = field(default_factory=dict)
    named: Any = None
    """The images as the caller named them."""
    left_out: LeftOut = field(default_factory=LeftOut)
    """Filled while the run goes on."""

    def term_names(self) -> tuple[str, ...]:
        """The terms of all models, each once."""
        return tuple(dict.fromkeys(term for name in self.names for term in find_model(name).term_names))

    def report(self) -> list[str]:
        """Lines for a user before the work begins."""
        count, passed = len(self.pairing.pairs), len(self.pairing.ignored)
        lines = [f"{count} image{'s' if count > 1 else ''} by {', '.join(self.names)}"]
        if passed:
            what = "files that are no images by their names" if passed > 1 else "file that is no image by its name"
            lines.append(f"passed over {passed} {what}")
        lines += [*self.left_out.before(), *self.pairing.notes]
        twice = count - len({(pair.image.key, pair.reference and pair.reference.key) for pair in self.pairing.pairs})
        if twice and not isinstance(self.named, Pairing):
            lines.append(f"named more than once, and scored as often: {twice} image{'s' if twice > 1 else ''}")
        if left_over := self.pairing.left_over():
            lines.append(f"left out: {left_over}")
        return lines


def plan_scores(
    images: Sources | Pairing,
    reference: Sources | None = None,
    model: Models = None,
    *,
    options: RunOptions,
    weights: Weights | None = None,
    model_options: ModelOptions | None = None,
    pair_by: str = "path",
    allow_unmatched: bool = False,
) -> ScorePlan:
    """Find pairs and models, and check that they fit together; everything is given as to ``acutance.score``.

    ``images`` may also be pairs that are made already, in which an image without a reference fails for the models that
    compare, unless none has one.

    Raises:
        PairingError: Images and references that do not fit together.
        ConfigError: Models, weights or options that do not fit the request.
    """
    pairing = _paired(images, reference, pair_by)
    weights = _by_model(weights, "weights") if isinstance(weights, Mapping) else weights
    choices, weights = trained_models(_chosen(model, pairing), weights)
    names = [_name(choice) for choice in choices]
    by_model = _by_model(model_options or {}, "options")
    plan = ScorePlan(pairing, choices, names, options, weights, by_model, images, LeftOut(pairing.unread))
    _check_models(plan)
    _check_references(plan)
    if not allow_unmatched:
        pairing.require_complete()
    pairing.require_pairs()
    if options.strict and pairing.unread:
        raise InputError(
            f"Some images cannot be read here, which strict forbids: {kinds_of(pairing.unread)}. Convert them to PNG, "
            "or leave strict out to score the rest."
        )
    return plan


def load_models(plan: ScorePlan, on_progress: OnProgress | None = None) -> tuple[list["QualityModel"], list[str]]:
    """The models of a plan, those that are named loaded now, large ones last.

    Returns:
        The models in their order; and what a user should know: that some cannot compute in the precision asked for.

    Raises:
        ConfigError: A model that is loaded already has another device or precision than asked for.
    """
    options = plan.options
    loaded = {
        name: choice for name, choice in zip(plan.names, plan.choices, strict=True) if not isinstance(choice, str)
    }
    for model in loaded.values():
        if model.provenance is not None:
            _check_loaded(model.provenance, options)
    for name in sorted(_to_load(plan), key=_has_weights):
        weights = plan.weights.get(name) if isinstance(plan.weights, Mapping) else plan.weights
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=BFLOAT16_NOTE)  # one line for all models below
            loaded[name] = load(
                name,
                weights if _has_weights(name) else None,
                device=options.device,
                precision=options.precision,
                offline=options.offline,
                on_progress=on_progress,
                **plan.model_options.get(name, {}),
            )
    asked = [loaded[name].provenance for name in _to_load(plan)] if options.precision == "bfloat16" else []
    note = bfloat16_note(provenance for provenance in asked if provenance is not None)
    return [loaded[name] for name in plan.names], [note] if note else []


def open_score_file(
    plan: ScorePlan, path: Path, *, term_names: Sequence[str] = (), resume: bool = False, overwrite: bool = False
) -> ScoreFile:
    """The file of scores of a plan, checked and not yet touched; with ``resume``, its rows are the plan's first ones.

    Raises:
        ConfigError: It cannot be written, exists, or was begun with other models, pairs, options or package versions.
    """
    if resume and overwrite:
        raise ConfigError("--resume and --overwrite exclude each other. Leave one of them out.")
    if is_manifest(plan.named) and path.absolute() == Path(str(plan.named)).absolute():
        raise ConfigError(f"The scores would overwrite the manifest {path}. Choose another name for them.")
    file = ScoreFile(path, term_names, resume=resume, overwrite=overwrite)
    if not file.count:
        return file
    pairs, names = plan.pairing.pairs, plan.names
    provenance.check_same_run(path, provenance.describe_plan(pairs, plan.options))
    for index, row in enumerate(file.rows()):
        place, model = divmod(index, len(names))
        if row["model"] != names[model] and catalogue_name(str(row["model"])) == names[model]:
            raise ConfigError(
                f"The scores in {path} are by {row['model']}, which is now called {names[model]}, and a file keeps one "
                "name for a model. Start anew with --overwrite."
            )
        if place >= len(pairs) or (row["image"], row["model"]) != (pairs[place].image.name, names[model]):
            raise ConfigError(
                f"Row {index + 1} of {path} does not belong to this run: {row['image']} scored by {row['model']}. "
                "Run it as before, or start anew with --overwrite."
            )
    provenance.check_unchanged(path, pairs[: -(-file.count // len(names))])
    return file


def score_rows(
    plan: ScorePlan,
    models: Sequence["QualityModel"],
    file: ScoreFile | None = None,
    on_progress: OnProgress | None = None,
) -> Iterator[ScoreRow]:
    """Every row of a plan, made one by one; with a file, each is in it before it is given out, old rows first.

    The provenance is written beside the file, as ``<name>.provenance.json``, and again at the end with what images left
    out, if they did.

    Raises:
        ConfigError: The file was begun with other weights or options of the models.
    """
    left_out = plan.left_out
    if file is None:
        yield from chain.from_iterable(scored_pairs(plan, models, on_progress=on_progress))
        return
    described = provenance.describe_run(models, plan.pairing.pairs, plan.options)
    if file.count:
        provenance.check_same_run(file.path, described)
        described |= provenance.earlier_rows(file.path, file.count)
    with file:
        provenance.write_provenance(file.path, described | left_out.fields())
        better = {name: model.info.better for name, model in zip(plan.names, models, strict=True)}
        for fields in file.rows():
            old = row_of_fields(fields, better)
            left_out.count_depth([old])
            yield old
        start, surplus = divmod(file.count, len(models))
        left_out.frames.update(_frames_of(plan.pairing.pairs[:start], models))
        try:
            for rows in scored_pairs(plan, models, start, on_progress, known=surplus):
                file.write(rows)
                yield from rows
        finally:
            if left_out.frames or left_out.depths:
                provenance.complete_provenance(file.path, described | left_out.fields())
        file.finish()


def scored_pairs(
    plan: ScorePlan,
    models: Sequence["QualityModel"],
    start: int = 0,
    on_progress: OnProgress | None = None,
    known: int = 0,
) -> Iterator[list[ScoreRow]]:
    """The rows of each pair of a plan, from the pair ``start`` on, without its first ``known`` rows."""
    from acutance.models.torch_scorer import torch_scorers

    pairs, scorers, left_out = plan.pairing.pairs, torch_scorers(models), plan.left_out
    for rows in score_pairs(pairs, scorers, plan.options, start=start, frames=left_out.frames, on_progress=on_progress):
        new, known = rows[known:], 0
        left_out.count_depth(new)
        yield new


def trained_models(choices: Sequence[ModelChoice], weights: Weights | None) -> tuple[list[ModelChoice], Weights | None]:
    """Models by their names in the catalogue, and weights; the folder of a training becomes the model it trained.

    Raises:
        ConfigError: Weights beside a training of the same model.
        CheckpointError: A training that has no weights yet.
    """
    named = list(choices)
    trained: dict[str, str | os.PathLike[str]] = {}
    for index, choice in enumerate(choices):
        if not isinstance(choice, str):
            continue
        named[index] = catalogue_name(choice)
        if path := run_weights(choice):
            named[index] = name = model_of_run(path)
            trained[name] = path
    if not trained:
        return named, weights
    if weights is None:
        return named, trained
    if not isinstance(weights, Mapping):  # one file for all models that were not trained here
        others = (name for name in named if isinstance(name, str) and name not in trained)
        weights = {name: weights for name in others if _has_weights(name)}
    twice = sorted(set(weights) & set(trained))
    if twice:
        raise ConfigError(f"{twice[0]} has weights of its own beside the folder of its training. Drop one of the two.")
    return named, {**weights, **trained}


def _frames_of(pairs: Sequence[Pair], models: Sequence["QualityModel"]) -> dict[str, int]:
    """How many later frames the images have that an earlier run scored, by their headers."""
    compares = any(model.needs_reference for model in models)
    sides = [(pair.image, pair.reference if compares else None) for pair in pairs]
    images = {image.key: image for side in sides for image in side if image}
    counts = ((image.name, later_frames_of(image.source)) for image in images.values())
    return {name: count for name, count in counts if count}


def _paired(images: Sources | Pairing, reference: Sources | None, pair_by: str) -> Pairing:
    """The pairs themselves, those of a manifest, or images with their references."""
    if isinstance(images, Pairing):
        return images
    for manifest in filter(is_manifest, images if isinstance(images, list | tuple) else ()):
        raise ConfigError(f"The manifest {manifest} stands among other images. Put all pairs into one file.")
    if not is_manifest(images):
        return pair_up(images, reference, pair_by=pair_by)
    if reference is not None:
        raise ConfigError(f"The manifest {images} names its own references. Leave the reference out.")
    if pair_by != "path":
        raise ConfigError(f"The manifest {images} pairs itself. Leave pair_by out.")
    return read_manifest(Path(str(images)))


def _chosen(model: Models, pairing: Pairing) -> list[ModelChoice]:
    """The models one by one: the default where none is named, groups spelt out."""
    if model is None:
        alone = not any(pair.reference for pair in pairing.pairs) and not pairing.unmatched_images
        return [DEFAULT_ALONE if alone else DEFAULT_MODEL]
    given: Any = [model] if isinstance(model, str) or hasattr(model, "needs_reference") else model
    chosen: list[ModelChoice] = [
        name for one in given for name in (model_names(one) if isinstance(one, str) else [one])
    ]
    if not chosen:
        raise ConfigError("There is no model to score with in an empty list. Leave it out for the default one.")
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
            raise ConfigError(f"There are two sets of {what} for {name}. Leave one of them out.")
        named[name] = value
    return named


def _name(choice: ModelChoice) -> str:
    if isinstance(choice, str):
        return find_model(choice).name
    if choice.provenance is None:
        raise ConfigError(f"A bare {type(choice).__name__} cannot score. Load it by name, with acutance.load.")
    return choice.provenance.model


def _to_load(plan: ScorePlan) -> list[str]:
    return [choice for choice in plan.choices if isinstance(choice, str)]


def _has_weights(name: str) -> bool:
    return find_model(name).weights is not None


def _check_models(plan: ScorePlan) -> None:
    """Raise ``ConfigError`` for a model that is named twice, and for weights and options that are for none."""
    names, to_load, weights = plan.names, _to_load(plan), plan.weights
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ConfigError(f"{twice[0]} is named twice. Score with the second in another run.")
    weighted = [name for name in to_load if _has_weights(name)]
    if weights is not None and not isinstance(weights, Mapping) and not weighted:
        raise ConfigError(f"{', '.join(names)} cannot take the weights {os.fspath(weights)}. Leave them out.")
    for name in set(weights) & set(to_load) - set(weighted) if isinstance(weights, Mapping) else ():
        raise ConfigError(f"{name} has no weights, but some are given for it. Leave them out.")
    for given, what in ((plan.model_options, "options"), (weights, "weights")):
        strays = sorted(set(given) - set(to_load)) if isinstance(given, Mapping) else []
        if strays:
            raise ConfigError(
                f"There are {what} for {strays[0]}, which is not among the models to load "
                f"({', '.join(to_load) or 'none'}). Name that model too, or leave them out."
            )


def _check_references(plan: ScorePlan) -> None:
    """Raise ``ConfigError`` if a model compares and an image has no reference, unless pairs were made by the caller."""
    comparing = [
        name for name, choice in zip(plan.names, plan.choices, strict=True) if facts_of(choice).needs_reference
    ]
    alone = [pair.image.name for pair in plan.pairing.pairs if pair.reference is None]
    is_mixture = isinstance(plan.named, Pairing) and len(alone) < len(plan.pairing.pairs)
    if comparing and alone and not is_mixture:
        example = f" such as --reference {alone[1]}" if len(alone) == 2 and names_two_files(plan.named) else ""
        raise ConfigError(
            f"{alone[0]} has no reference, and {comparing[0]} compares with one. "
            f"Pass a reference{example} (--reference, reference=), or choose a no-reference model such as "
            f"{DEFAULT_ALONE}."
        )


def names_two_files(images: object) -> bool:
    """Whether two files were named one by one, no folder and no manifest."""
    named = images if isinstance(images, list | tuple) else ()
    return len(named) == 2 and all(isinstance(one, str | os.PathLike) and Path(one).is_file() for one in named)


def facts_of(choice: ModelChoice) -> Union[ModelEntry, "QualityModel"]:
    """Catalogue entry or loaded model, which say how to read a score and whether it needs a reference."""
    return find_model(choice) if isinstance(choice, str) else choice


def _check_loaded(loaded: "ModelProvenance", options: RunOptions) -> None:
    device, precision = options.device, options.precision
    elsewhere = device != "auto" and loaded.device.partition(":")[0] != device.partition(":")[0]
    if elsewhere or (precision != "float32" and loaded.precision != precision):
        raise ConfigError(
            f"{loaded.model} is loaded on {loaded.device} in {loaded.precision}, not on {device} in {precision}. "
            "Leave device and precision out, or load it with them."
        )
