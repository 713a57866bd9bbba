"""``acutance.compare``: methods beside each other, by scores of their images or by what people prefer."""

import json
import logging
import os
import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from acutance.catalog import CATALOG, GROUPS, catalogue_name, model_names
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
from acutance.comparison.results import PREFERENCES, SCORES_NAME, WRITTEN, Comparison, PictureScores, write_comparison
from acutance.errors import ConfigError, EvaluationError
from acutance.evaluation.score_files import check_directions
from acutance.extras import installed_versions
from acutance.scoring.options import RunOptions, run_options
from acutance.scoring.pairing import Pair, Pairing
from acutance.scoring.provenance import LeftOut, describe_run, provenance_path
from acutance.scoring.rows import ScoreFile
from acutance.scoring.run import (
    ModelChoice,
    ModelOptions,
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

Models = ModelChoice | Sequence[ModelChoice] | None


class ScoredByModels:
    """Scores that models will give to the pictures of the methods.

    All methods of a picture come together, so that its reference is decoded and encoded once.

    Args:
        folders: The folder of each method.
        reference: The undistorted picture, or a folder of them.
        model: Names or loaded models; ``None`` for the default ones.
        weights: A file for the models that have weights, or files by model name.
        options: ModelOptions by model name.
        settings: How to score.
        pair_by: How names meet in the folders.
        allow_unmatched: Take the pictures that all methods have when some lack others.

    Raises:
        PairingError: Pictures that are not in all folders.
        ConfigError: Models, weights or options that do not fit.
        InputError: Folders that do not exist or hold no pictures.
    """

    def __init__(
        self,
        folders: Mapping[str, Path],
        reference: Place | None,
        model: Models,
        *,
        weights: Weights | None = None,
        options: ModelOptions | None = None,
        settings: RunOptions,
        pair_by: str = "path",
        allow_unmatched: bool = False,
    ) -> None:
        self.plan = match_methods(folders, reference, pair_by=pair_by)
        self.plan.demand_usable(allow_unmatched=allow_unmatched)
        pairs = [Pair(image, one.reference) for one in self.plan.pictures for image in one.images.values()]
        self._run = plan_scores(
            Pairing(pairs, unread=self.plan.unread),
            None,
            model,
            options=settings,
            weights=weights,
            model_options=options,
        )
        self.left_out = self._run.left_out
        self._file: ScoreFile | None = None
        self._loaded: list[QualityModel] = []

    @property
    def models(self) -> list[str]:
        """Names of the models, in their order."""
        return self._run.names

    @property
    def better(self) -> dict[str, Better]:
        """Which direction is better, by model; known when they are loaded."""
        return {model: loaded.info.better for model, loaded in zip(self.models, self._loaded, strict=True)}

    def report(self) -> list[str]:
        """What a user should know before the work begins."""
        passed = len(self.plan.ignored)
        what = "files that are no pictures by their names" if passed > 1 else "file that is no picture by its name"
        lines = [_headline(len(self.plan.pictures), self), *([f"passed over {passed} {what}"] if passed else [])]
        return lines + self.left_out.before()

    def demand_place(self, folder: Path, *, resume: bool, overwrite: bool) -> None:
        """Check where scores will go, touching nothing; from then on they do.

        Raises:
            ConfigError: A file that cannot be written, exists, or was begun by another run.
        """
        self._file = open_score_file(self._run, folder / SCORES_NAME, resume=resume, overwrite=overwrite)

    def load_models(self, on_progress: OnProgress | None = None) -> list[str]:
        """Load the models; notes on them for the user."""
        self._loaded, notes = load_models(self._run, on_progress)
        return notes

    def pictures(self, on_progress: OnProgress | None = None) -> list[PictureScores]:
        """Every picture with its scores, made now; models must be loaded."""
        rows = score_rows(self._run, self._loaded, self._file, on_progress)
        return gather_rows(self.plan.pictures, self.models, rows)

    def provenance(self) -> dict[str, object]:
        """What the scores depend on, as plain JSON values; models must be loaded."""
        described = describe_run(self._loaded, self._run.pairing.pairs, self._run.options)
        return described | self.left_out.fields()


class ScoredInFile:
    """Scores that are in a file already; no picture is looked for.

    Args:
        path: A file of ``acutance score`` on the folders.
        folders: The folder of each method.
        model: Names of the models to take; ``None`` for all.
        better: Directions of models of which neither the file nor the catalogue has one.
        pair_by: How names meet in the folders.
        allow_unmatched: Take the pictures that all methods have when some lack others.

    Raises:
        PairingError: Pictures that not every method has.
        ConfigError: A loaded model.
        EvaluationError: A file that cannot be read, lacks a model or a method, or holds a model of unknown direction;
            a direction of another model.
    """

    def __init__(
        self,
        path: Path,
        folders: Mapping[str, Path],
        model: Models,
        *,
        better: Mapping[str, Better] | None = None,
        pair_by: str = "path",
        allow_unmatched: bool = False,
    ) -> None:
        found = read_method_rows(path, folders, _names(model), pair_by=pair_by, better=better)
        found.plan.demand_usable(allow_unmatched=allow_unmatched)
        self.plan: MethodPlan = found.plan
        self.models = found.models
        check_directions(better or {}, found.models)
        self.better: dict[str, Better] = {name: _direction(name, asked) for name, asked in found.asked.items()}
        self.left_out = LeftOut()
        self._path = path
        self._strays = found.strays
        self._pictures = found.pictures

    def report(self) -> list[str]:
        """What a user should know before the work begins."""
        strays = f"passed over {self._strays} picture{'s' if self._strays > 1 else ''} in other folders"
        return [_headline(len(self._pictures), self), *([strays] if self._strays else [])]

    def demand_place(self, folder: Path, *, resume: bool, overwrite: bool) -> None:
        """Nothing to check: no scores are written."""

    def load_models(self, on_progress: OnProgress | None = None) -> list[str]:
        """Nothing to load."""
        return []

    def pictures(self, on_progress: OnProgress | None = None) -> list[PictureScores]:
        """Every picture with its scores."""
        return self._pictures

    def provenance(self) -> dict[str, object]:
        """What is written beside the file, its name and its checksum."""
        try:
            beside = json.loads(provenance_path(self._path).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            beside = None
        return {
            **(beside if isinstance(beside, dict) else {}),
            "file": str(self._path),
            "sha256": sha256_of(self._path),
        }


def _headline(count: int, source: ScoredByModels | ScoredInFile) -> str:
    methods, models = ", ".join(source.plan.methods), ", ".join(source.models)
    return f"{count} picture{'s' if count != 1 else ''} of {methods} by {models}"


def _names(model: Models) -> list[str] | None:
    if model is None:
        return None
    names: list[str] = []
    for choice in model if isinstance(model, list | tuple) else [model]:
        if not isinstance(choice, str):
            raise ConfigError(f"Expected names of models beside a file of scores, got a {type(choice).__name__}.")
        for name in model_names(choice):
            names += GROUPS.get(catalogue_name(name), (name,))
    return names


def _direction(model: str, asked: Better | None) -> Better:
    if asked is not None:
        return asked
    if catalogue_name(model) in CATALOG:
        return CATALOG[catalogue_name(model)].info.better
    raise EvaluationError(
        f"Expected the direction of the scores of {model}, which neither the file nor the catalogue tells, got none. "
        f"Say --better {model}=higher or --better {model}=lower, or choose models with --model."
    )


def compare_scores(
    pictures: Sequence[PictureScores],
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
        pictures: Every picture with its scores; a score that is missing has an error.
        methods: Names of the methods.
        better: Which direction is better, by model, in the order of the models.
        preferences: What people prefer, if they were asked.
        draws: How intervals are drawn.
        left_out: Pictures that are not compared.
        root: Folder that paths of pictures start from.
        provenance: What the scores depend on.
    """
    draws = draws or Draws()
    by_model = {model: complete_scores(pictures, methods, model, way) for model, way in better.items()}
    notes = notes_of(by_model, methods, len(pictures)) if pictures else []
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
        results=[
            result
            for model, scores in by_model.items()
            for result in method_results(scores, _failed(pictures, model), draws)
        ],
        tests=[test for scores in by_model.values() for test in method_tests(scores, draws)],
        orders={name: order.places for name, order in orders.items()},
        disagreements=disagreements(by_model),
        root=root,
        pictures=list(pictures),
        notes=notes,
        left_out=list(left_out),
        provenance=dict(provenance or {}),
    )


def _failed(pictures: Sequence[PictureScores], model: str) -> Counter[str]:
    return Counter(method for picture in pictures for method in picture.errors.get(model, {}))


_LOGGER = logging.getLogger(__name__)

STATISTICS_PACKAGES = ("acutance", "numpy", "scipy")
"""Packages that the statistics depend on."""


class CompareRequest:
    """One comparison, planned and checked; models are loaded when asked to.

    Args:
        methods: Folders of the methods; none to look at preferences alone.
        reference: The undistorted picture, or a folder of them.
        model: Names or loaded models; see ``compare``.
        weights: A file for the models that have weights, or files by model name.
        options: ModelOptions by model name.
        settings: How to score.
        pair_by: How names meet in the folders.
        allow_unmatched: Compare the pictures that all methods have when some lack others.
        scores: A file of ``acutance score`` on the folders, instead of scoring.
        better: Directions of models of which neither that file nor the catalogue has one.
        preferences: A CSV file of what people prefer.
        draws: How intervals are drawn.

    Raises:
        PairingError: Pictures that are not in all folders.
        ConfigError: Methods, models or files that do not fit the request.
        InputError: Folders that do not exist or hold no pictures.
        EvaluationError: A file of scores or preferences that cannot be read.
    """

    def __init__(
        self,
        methods: Methods,
        reference: Place | None = None,
        model: Models = None,
        *,
        weights: Weights | None = None,
        options: ModelOptions | None = None,
        settings: RunOptions | None = None,
        pair_by: str = "path",
        allow_unmatched: bool = False,
        scores: Place | None = None,
        better: Mapping[str, Better] | None = None,
        preferences: Place | None = None,
        draws: Draws | None = None,
    ) -> None:
        self.folders = named_folders(methods)
        self.draws = draws or Draws()
        self._given = {"reference": None if reference is None else os.fspath(reference), "pair_by": pair_by}
        self._preferences_path = None if preferences is None else Path(preferences)
        self.preferences = self._read_preferences()
        self.source: ScoredByModels | ScoredInFile | None = None
        if better and scores is None:
            raise ConfigError(f"Expected a file of scores beside better, got only {dict(better)}. Leave it out.")
        if not self.folders:
            _demand_none(
                "preferences without folders",
                reference=reference,
                model=model,
                scores=scores,
                weights=weights,
                options=options,
            )
        elif scores is not None:
            _demand_none("a file of scores", reference=reference, weights=weights, options=options)
            self.source = ScoredInFile(
                Path(scores), self.folders, model, better=better, pair_by=pair_by, allow_unmatched=allow_unmatched
            )
        else:
            self.source = ScoredByModels(
                self.folders,
                reference,
                model,
                weights=weights,
                options=options,
                settings=settings or RunOptions(),
                pair_by=pair_by,
                allow_unmatched=allow_unmatched,
            )

    def demand_place(self, folder: Path | None, *, resume: bool = False, overwrite: bool = False) -> None:
        """Check where results will go, touching nothing.

        Args:
            folder: The folder of results; ``None`` to write none.
            resume: Continue the scores that are there.
            overwrite: Throw away what is there.

        Raises:
            ConfigError: It cannot be written to, holds files already, or was begun by another run.
        """
        if resume and overwrite:
            raise ConfigError("Expected --resume or --overwrite, got both. Leave one of them out.")
        if folder is None:
            if resume:
                raise ConfigError("Expected --output beside --resume, got none. Name the folder of results.")
            return
        if folder.exists() and not folder.is_dir():
            raise ConfigError(f"Expected a folder to write at {folder}, got a file. Choose another name.")
        there = [name for name in WRITTEN if (folder / name).exists()]
        if there and not (resume or overwrite):
            raise ConfigError(
                f"Expected no comparison in {folder}, got {there[0]}. Continue it with --resume or replace it with "
                "--overwrite."
            )
        if self.source is not None:
            self.source.demand_place(folder, resume=resume, overwrite=overwrite)

    def load_models(self, on_progress: OnProgress | None = None) -> list[str]:
        """Load the models that are needed; notes on them for the user."""
        return [] if self.source is None else self.source.load_models(on_progress)

    def report(self) -> list[str]:
        """What a user should know before the work begins."""
        lines = [] if self.source is None else self.source.report()
        if self.preferences is not None:
            count, between = self.preferences.count, ", ".join(self.preferences.methods)
            lines.append(f"{count} preference{'s' if count > 1 else ''} between {between}")
        if self.source is not None and (left_over := self.source.plan.left_over()):
            lines.append(f"left out: {left_over}")
        return lines

    @property
    def left_out(self) -> LeftOut:
        """What was left out of folders and pictures."""
        return LeftOut() if self.source is None else self.source.left_out

    def run(self, on_progress: OnProgress | None = None) -> Comparison:
        """Score what is to be scored, and compare.

        Args:
            on_progress: Called with pictures done and pictures in all.
        """
        source = self.source
        return compare_scores(
            [] if source is None else source.pictures(on_progress),
            list(self.folders) or (self.preferences.methods if self.preferences else []),
            {} if source is None else source.better,
            preferences=self.preferences,
            draws=self.draws,
            left_out=[] if source is None else source.plan.left_out(),
            root="" if source is None else readable(str(Path.cwd())),
            provenance=self._provenance(),
        )

    def _read_preferences(self) -> Preferences | None:
        if self._preferences_path is not None:
            return read_preferences(self._preferences_path, list(self.folders) or None)
        if not self.folders:
            raise ConfigError("Expected folders of methods or a file of preferences, got neither. Name some.")
        return None

    def _provenance(self) -> dict[str, object]:
        """What the numbers depend on, as plain JSON values."""
        described: dict[str, object] = {
            "methods": {name: str(folder) for name, folder in self.folders.items()},
            **self._given,
            "statistics": {"draws": self.draws.count, "seed": self.draws.seed, "level": self.draws.level},
            "versions": installed_versions(STATISTICS_PACKAGES),
        }
        if self.source is not None:
            described["scores"] = self.source.provenance()
        if self._preferences_path is not None:
            path = self._preferences_path
            described["preferences"] = {"file": str(path), "sha256": sha256_of(path)}
        return described


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
    r"""Which method is better: means with intervals, wins, tests, and the pictures that tell most.

    Args:
        methods: The folder of each method: a list of folders that give their names, or as ``NAME=DIR``; or
            folders by name. None at all to look at ``preferences`` alone.
        reference: The undistorted picture, or a folder of them; models that need none do without.
        model: Names from ``acutance.list_models()``, as ``"psnr,ssim"``, one from ``acutance.load``, or a list; by
            default the models that ``acutance.score`` takes, or all that are in ``scores``.
        weights: File of weights, or a file for each model by name; by default the published ones.
        options: ModelOptions for each model by name, such as ``{"ssim": {"channel": "rgb"}}``.
        pair_by: ``"path"``, ``"stem"`` or a regular expression with one group; how names meet in the folders.
        allow_unmatched: Compare the pictures that all methods have instead of raising when some lack others.
        scores: A file of ``acutance score`` on these folders, instead of scoring now.
        better: ``"higher"`` or ``"lower"`` by model, for models of which neither that file nor the catalogue has one.
        preferences: A CSV file with the columns ``first``, ``second`` and ``first_wins`` or ``winner``.
        output: A folder to write the comparison and its scores to.
        resume: Continue the scores that are there.
        overwrite: Throw away what is there.
        draws: How often pictures are drawn for an interval; 0 for no intervals.
        seed: Seed of the draws.
        device: ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"mps"``.
        precision: ``"float32"``, ``"bfloat16"`` (faster, a little off) or ``"float64"``.
        offline: Never touch the network.
        batch_size: Pictures of one size scored at once.
        workers: Threads that decode ahead.
        background: Colour under transparent pixels.
        hdr_peak: As in ``acutance.score``.
        strict: As in ``acutance.score``.
        on_progress: Called with pictures done and pictures in all.

    Returns:
        Everything that can be said: per method and model mean, interval, median and wins; per two methods the
        difference and whether it is significant; orders; disagreements; every score or the reason why there is
        none. All numbers are over the pictures that every method has a score for.

    Raises:
        PairingError: Pictures that not every method has.
        ConfigError: Settings, weights or options that do not fit, or files that are there already.
        UnknownNameError: A model, option or device nobody knows.
        CheckpointError: Weights that are missing or damaged.
        InputError: Folders that do not exist or hold no pictures.
        EvaluationError: A file of scores or preferences that cannot be read.

    Example:
        >>> import tempfile
        >>> votes = Path(tempfile.mkdtemp(), "votes.csv")
        >>> _ = votes.write_text("first,second,winner\nours,swinir,ours\nours,swinir,ours\nswinir,ours,swinir\n")
        >>> [place.name for place in compare(preferences=votes).orders["preferences"]]
        ['ours', 'swinir']
    """
    request = CompareRequest(
        methods,
        reference,
        model,
        weights=weights,
        options=options,
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
    )
    folder = None if output is None else Path(output)
    request.demand_place(folder, resume=resume, overwrite=overwrite)
    for note in request.load_models():
        warnings.warn(note, stacklevel=2)
    comparison = request.run(on_progress)
    for line in [*request.left_out.before(), *request.left_out.after()]:
        _LOGGER.warning("%s", line)
    if folder is not None:
        write_comparison(comparison, folder)
    return comparison


def _demand_none(beside: str, **given: object) -> None:
    for name, value in given.items():
        if value:
            raise ConfigError(f"Expected no {name} beside {beside}, got {value}. Leave it out.")
