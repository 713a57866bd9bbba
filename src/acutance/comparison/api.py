"""``acutance.compare``: methods beside each other, by scores of their images or by what people prefer."""

import json
import logging
import os
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from acutance.catalog import GROUPS, catalogue_name, model_names
from acutance.comparison.measure import Draws, complete_scores, disagreements, method_results, method_tests, notes_of
from acutance.comparison.methods import (
    MethodPlan,
    Methods,
    Place,
    gather_rows,
    match_methods,
    named_folders,
    read_method_rows,
)
from acutance.comparison.order import Preferences, order_by_scores, order_by_wins, read_preferences
from acutance.comparison.results import PREFERENCES, SCORES_NAME, WRITTEN, Comparison, ImageScores, write_comparison
from acutance.errors import ConfigError
from acutance.evaluation.protocols import find_protocol
from acutance.evaluation.score_files import check_directions, direction_of
from acutance.extras import installed_versions
from acutance.scoring.options import RunOptions, run_options
from acutance.scoring.pairing import Pair, Pairing
from acutance.scoring.provenance import LeftOut, describe_run, provenance_path
from acutance.scoring.rows import ScoreFile
from acutance.scoring.run import (
    ModelChoice,
    ModelOptions,
    Models,
    ScorePlan,
    Weights,
    load_models,
    open_score_file,
    plan_scores,
    score_rows,
)
from acutance.tables.text import readable
from acutance.types import Better, OnProgress, Precision
from acutance.weights.download import sha256_of

if TYPE_CHECKING:
    from acutance.models.quality_model import QualityModel

_LOGGER = logging.getLogger(__name__)

STATISTICS_PACKAGES = ("acutance", "numpy", "scipy")
"""Packages that the statistics depend on."""


def compare(
    methods: Methods = (),
    *,
    reference: Place | None = None,
    model: ModelChoice | Sequence[ModelChoice] | None = None,
    weights: Weights | None = None,
    options: ModelOptions | None = None,
    pair_by: str = "path",
    allow_unmatched: bool = False,
    scores: Place | None = None,
    better: Mapping[str, Better] | None = None,
    preferences: Place | None = None,
    output: Place | None = None,
    resume: bool = False,
    overwrite: bool = False,
    draws: int = 1000,
    seed: int = 0,
    device: str = "auto",
    precision: Precision = "float32",
    offline: bool = False,
    batch_size: int | Literal["auto"] = "auto",
    workers: int | None = None,
    background: str = "white",
    hdr_peak: float | None = None,
    strict: bool = False,
    on_progress: OnProgress | None = None,
) -> Comparison:
    r"""Compare methods: means with intervals, wins, tests, and the images that tell most.

    Args:
        methods: The folder of each method: a list of folders that give their names, or as ``NAME=DIR``; or
            folders by name. None at all to look at ``preferences`` alone.
        reference: The undistorted image, or a folder of them; models that need none do without.
        model: Names from ``acutance.list_models()``, as ``"psnr,ssim"``, one from ``acutance.load``, or a list; by
            default the models that ``acutance.score`` takes, or all that are in ``scores``.
        weights: File of weights, or a file for each model by name; by default the published ones.
        options: ModelOptions for each model by name, such as ``{"ssim": {"channel": "rgb"}}``.
        pair_by: ``"path"``, ``"stem"`` or a regular expression with one group; how names meet in the folders.
        allow_unmatched: Compare the images that all methods have instead of raising when some lack others.
        scores: A file of ``acutance score`` on these folders, instead of scoring now.
        better: ``"higher"`` or ``"lower"`` by model, for models of which neither that file nor the catalogue has one.
        preferences: A CSV file with the columns ``first``, ``second`` and ``first_wins`` or ``winner``.
        output: A folder to write the comparison and its scores to.
        resume: Continue the scores that are there.
        overwrite: Throw away what is there.
        draws: How often images are drawn for an interval; 0 for no intervals.
        seed: Seed of the draws.
        device: ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"mps"``.
        precision: ``"float32"``, ``"bfloat16"`` (faster, a little off) or ``"float64"``.
        offline: Never touch the network.
        batch_size: Images of one size scored at once.
        workers: Threads that decode ahead.
        background: Colour under transparent pixels.
        hdr_peak: As in ``acutance.score``.
        strict: As in ``acutance.score``.
        on_progress: Called with images done and images in all.

    Returns:
        Everything that can be said: per method and model mean, interval, median and wins; per two methods the
        difference and whether it is significant; orders; disagreements; every score or the reason why there is
        none. All numbers are over the images that every method has a score for.

    Raises:
        PairingError: Images that not every method has.
        ConfigError: Settings, weights or options that do not fit, or files that are there already.
        UnknownNameError: A model, option or device nobody knows.
        CheckpointError: Weights that are missing or damaged.
        InputError: Folders that do not exist or hold no images.
        EvaluationError: A file of scores or preferences that cannot be read.

    Example:
        >>> import tempfile
        >>> votes = Path(tempfile.mkdtemp(), "votes.csv")
        >>> _ = votes.write_text("first,second,winner\nours,swinir,ours\nours,swinir,ours\nswinir,ours,swinir\n")
        >>> [place.name for place in compare(preferences=votes).orders["preferences"]]
        ['ours', 'swinir']
    """
    folder = None if output is None else Path(output)
    work = read(
        methods,
        reference,
        model,
        weights=weights,
        model_options=options,
        settings=run_options(
            device=device,
            precision=precision,
            offline=offline,
            batch_size=batch_size,
            workers=workers,
            background=background,
            hdr_peak=hdr_peak,
            strict=strict,
        ),
        pair_by=pair_by,
        allow_unmatched=allow_unmatched,
        scores=scores,
        better=better,
        preferences=preferences,
        draws=Draws(draws, seed),
        output=folder,
        resume=resume,
        overwrite=overwrite,
    )
    for note in work.load_models():
        warnings.warn(note, stacklevel=2)
    score(work, on_progress)
    comparison = measure(work)
    for line in [*work.left_out.before(), *work.left_out.after()]:
        _LOGGER.warning("%s", line)
    if folder is not None:
        write_comparison(comparison, folder)
    return comparison


@dataclass
class Work:
    """A comparison that is read and checked: methods, models or the scores of a file, preferences."""

    methods: list[str]
    draws: Draws
    described: dict[str, Any]
    """What was asked for, for the provenance."""
    plan: MethodPlan | None = None
    """What is compared; ``None`` for preferences alone."""
    preferences: Preferences | None = None
    models: ScorePlan | None = None
    """All images by the models that are run; ``None`` where a file brings the scores."""
    file: ScoreFile | None = None
    """Where scores are written."""
    loaded: "list[QualityModel]" = field(default_factory=list)
    better: dict[str, Better] = field(default_factory=dict)
    """Which direction is better, by model; of models that are run once they are loaded."""
    images: list[ImageScores] = field(default_factory=list)
    """Every image with its scores, once there are some."""
    strays: int = 0
    """How many images of a file of scores are in other folders."""

    @property
    def left_out(self) -> LeftOut:
        """Count of what was left out of folders and images."""
        return LeftOut() if self.models is None else self.models.left_out

    def report(self) -> list[str]:
        """Notes for the user before the work begins."""
        lines = []
        if self.plan is not None:
            count, passed = len(self.plan.images), len(self.plan.ignored)
            models = ", ".join(self.better if self.models is None else self.models.names)
            lines.append(f"{count} image{'s' if count != 1 else ''} of {', '.join(self.methods)} by {models}")
            if passed:
                what = "files that are no images by their names" if passed > 1 else "file that is no image by its name"
                lines.append(f"passed over {passed} {what}")
            if self.strays:
                lines.append(f"passed over {self.strays} image{'s' if self.strays > 1 else ''} in other folders")
        lines += self.left_out.before()
        if self.preferences is not None:
            count, between = self.preferences.count, ", ".join(self.preferences.methods)
            lines.append(f"{count} preference{'s' if count > 1 else ''} between {between}")
        if self.plan is not None and (left_over := self.plan.left_over()):
            lines.append(f"left out: {left_over}")
        return lines

    def load_models(self, on_progress: OnProgress | None = None) -> list[str]:
        """Load the models that are run; notes on them for the user."""
        if self.models is None:
            return []
        self.loaded, notes = load_models(self.models, on_progress)
        self.better = {name: one.info.better for name, one in zip(self.models.names, self.loaded, strict=True)}
        return notes


def read(
    methods: Methods,
    reference: Place | None = None,
    model: Models = None,
    *,
    weights: Weights | None = None,
    model_options: ModelOptions | None = None,
    settings: RunOptions | None = None,
    pair_by: str = "path",
    allow_unmatched: bool = False,
    scores: Place | None = None,
    better: Mapping[str, Better] | None = None,
    preferences: Place | None = None,
    draws: Draws | None = None,
    output: Path | None = None,
    resume: bool = False,
    overwrite: bool = False,
) -> Work:
    """Read and check everything before the first image is scored; nothing is written."""
    folders, draws = named_folders(methods), draws or Draws()
    described: dict[str, Any] = {
        "methods": {name: str(folder) for name, folder in folders.items()},
        "reference": None if reference is None else os.fspath(reference),
        "pair_by": pair_by,
        "statistics": {"draws": draws.count, "seed": draws.seed, "level": draws.level},
        "versions": installed_versions(STATISTICS_PACKAGES),
    }
    work = Work(list(folders), draws, described)
    if preferences is not None:
        work.preferences = read_preferences(Path(preferences), work.methods or None)
    if better and scores is None:
        raise ConfigError(f"There is no file of scores whose directions {dict(better)} could be. Leave better out.")
    for_models = {"reference": reference, "weights": weights, "options": model_options}
    if not folders:
        if work.preferences is None:
            raise ConfigError("There is nothing to compare. Name folders of methods or a file of preferences.")
        _check_none("preferences without folders", **for_models, model=model, scores=scores)
        work.methods = work.preferences.methods
    elif scores is not None:
        _check_none("a file of scores", **for_models)
        _take_scores(work, Path(scores), folders, model, better or {}, pair_by, allow_unmatched=allow_unmatched)
    else:
        work.plan = match_methods(folders, reference, pair_by=pair_by)
        work.plan.check_usable(allow_unmatched=allow_unmatched)
        # all methods of an image together, so that its reference is decoded and encoded once
        pairs = [Pair(image, one.reference) for one in work.plan.images for image in one.images.values()]
        work.models = plan_scores(
            Pairing(pairs, unread=work.plan.unread),
            None,
            model,
            options=settings or RunOptions(),
            weights=weights,
            model_options=model_options,
        )
        described["scores"] = None  # known when the models are loaded
    _check_output(output, resume=resume, overwrite=overwrite)
    if output is not None and work.models is not None:
        work.file = open_score_file(work.models, output / SCORES_NAME, resume=resume, overwrite=overwrite)
    if preferences is not None:
        described["preferences"] = {"file": str(Path(preferences)), "sha256": sha256_of(Path(preferences))}
    return work


def score(work: Work, on_progress: OnProgress | None = None) -> None:
    """Score the images of all methods, where a file does not bring their scores; models must be loaded."""
    if work.plan is not None and work.models is not None:
        rows = score_rows(work.models, work.loaded, work.file, on_progress)
        work.images = gather_rows(work.plan.images, work.models.names, rows)


def measure(work: Work) -> Comparison:
    """All that the scores and preferences say."""
    if work.models is not None:
        described = describe_run(work.loaded, work.models.pairing.pairs, work.models.options)
        work.described["scores"] = described | work.left_out.fields()
    return compare_scores(
        work.images,
        work.methods,
        work.better,
        preferences=work.preferences,
        draws=work.draws,
        left_out=[] if work.plan is None else work.plan.left_out(),
        root="" if work.plan is None else readable(str(Path.cwd())),
        provenance=work.described,
    )


def compare_scores(
    images: Sequence[ImageScores],
    methods: Sequence[str],
    better: Mapping[str, Better],
    *,
    preferences: Preferences | None = None,
    draws: Draws | None = None,
    left_out: Sequence[str] = (),
    root: str = "",
    provenance: Mapping[str, object] | None = None,
) -> Comparison:
    """All that scores, preferences or both say of methods.

    Args:
        images: Every image with its scores; a score that is missing has an error.
        methods: Names of the methods.
        better: Which direction is better, by model, in the order of the models.
        preferences: What people prefer, if they were asked.
        draws: How intervals are drawn.
        left_out: Images that are not compared.
        root: Folder that paths of images start from.
        provenance: What the scores depend on.
    """
    draws = draws or Draws()
    by_model = {model: complete_scores(images, methods, model, way) for model, way in better.items()}
    failed = {model: Counter(method for one in images for method in one.errors.get(model, {})) for model in better}
    notes = notes_of(by_model, methods, len(images)) if images else []
    orders = {
        model: order_by_scores(scores, draws.level)
        for model, scores in by_model.items()
        if len(methods) > 1 and scores.images
    }
    if preferences is not None:
        orders[PREFERENCES] = order_by_wins(preferences.methods, preferences.wins, draws.level)
    notes += [f"{name}: {order.note}" for name, order in orders.items() if order.note]
    return Comparison(
        compare_time=datetime.now().astimezone().strftime("%Y-%m-%d %H:%M:%S"),
        methods=list(methods),
        models=list(by_model),
        better=dict(better),
        results=[one for model, scores in by_model.items() for one in method_results(scores, failed[model], draws)],
        tests=[test for scores in by_model.values() for test in method_tests(scores, draws)],
        orders={name: order.places for name, order in orders.items()},
        disagreements=disagreements(by_model),
        root=root,
        pictures=list(images),
        notes=notes,
        left_out=list(left_out),
        provenance=dict(provenance or {}),
    )


def _take_scores(
    work: Work,
    path: Path,
    folders: Mapping[str, Path],
    model: Models,
    better: Mapping[str, Better],
    pair_by: str,
    *,
    allow_unmatched: bool,
) -> None:
    """Take the scores of a file, and what was written beside it, into the comparison."""
    names: list[str] | None = None if model is None else []
    for choice in [] if model is None else model if isinstance(model, list | tuple) else [model]:
        if not isinstance(choice, str):
            raise ConfigError(f"A file of scores has no loaded model ({type(choice).__name__}). Give its name.")
        names = [*(names or []), *(one for name in model_names(choice) for one in _members(name))]
    found = read_method_rows(path, folders, names, pair_by=pair_by, better=better)
    found.plan.check_usable(allow_unmatched=allow_unmatched)
    check_directions(better, found.models)
    plain = find_protocol("plain")
    work.plan, work.images, work.strays = found.plan, found.images, found.strays
    work.better = {name: direction_of(name, plain, asked) for name, asked in found.asked.items()}
    try:
        beside = json.loads(provenance_path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        beside = None
    own = {"file": str(path), "sha256": sha256_of(path)}
    work.described["scores"] = (beside if isinstance(beside, dict) else {}) | own


def _members(name: str) -> tuple[str, ...]:
    return GROUPS.get(catalogue_name(name), (name,))


def _check_none(beside: str, **given: object) -> None:
    for name, value in given.items():
        if value:
            raise ConfigError(f"The {name} {value} cannot be used with {beside}. Leave it out.")


def _check_output(folder: Path | None, *, resume: bool, overwrite: bool) -> None:
    if resume and overwrite:
        raise ConfigError("--resume and --overwrite exclude each other. Leave one of them out.")
    if folder is None:
        if resume:
            raise ConfigError("There is nothing to --resume without --output. Name the folder of results.")
        return
    if folder.exists() and not folder.is_dir():
        raise ConfigError(f"Results go into a folder, and {folder} is a file. Choose another name.")
    there = [name for name in WRITTEN if (folder / name).exists()]
    if there and not (resume or overwrite):
        raise ConfigError(
            f"{folder} holds a comparison already: {there[0]}. Continue it with --resume or replace it with "
            "--overwrite."
        )
