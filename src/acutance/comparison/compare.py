"""``acutance.compare``: methods beside each other, by scores of their pictures or by what people prefer."""

import importlib.metadata
import logging
import os
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from acutance.catalog import Precision
from acutance.comparison.comparing import compare_scores
from acutance.comparison.figures import Draws
from acutance.comparison.files import WRITTEN, write_comparison
from acutance.comparison.folders import Methods, Place, named_folders
from acutance.comparison.preference_files import Preferences, read_preferences
from acutance.comparison.results import Comparison
from acutance.comparison.sources import Models, ScoredByModels, ScoredInFile
from acutance.errors import ConfigError
from acutance.scoring.left_out import LeftOut
from acutance.scoring.request import Options
from acutance.scoring.settings import ScoringSettings, checked_settings
from acutance.scoring.trained import ModelChoice, Weights
from acutance.tables.text import readable
from acutance.types import Better, OnProgress
from acutance.weights.digest import sha256_of

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
        options: Options by model name.
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
        options: Options | None = None,
        settings: ScoringSettings | None = None,
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
                settings=settings or ScoringSettings(),
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

    def load_models(
        self,
        *,
        device: str = "auto",
        precision: Precision = "float32",
        offline: bool = False,
        on_progress: OnProgress | None = None,
    ) -> list[str]:
        """Load the models that are needed; see ``ScoreRequest.load_models``."""
        if self.source is None:
            return []
        return self.source.load_models(device=device, precision=precision, offline=offline, on_progress=on_progress)

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
            "versions": {name: importlib.metadata.version(name) for name in STATISTICS_PACKAGES},
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
    options: Options | None = None,
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
        options: Options for each model by name, such as ``{"ssim": {"channel": "rgb"}}``.
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
        settings=checked_settings(
            batch_size=batch_size, workers=workers, background=background, hdr_peak=hdr_peak, strict=strict
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
    for note in request.load_models(device=device, precision=precision, offline=offline):
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
