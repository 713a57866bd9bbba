"""``acutance.evaluation.evaluate``: models and data sets to statistics one can cite."""

import logging
import shlex
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from acutance.catalog import Precision
from acutance.errors import EvaluationError, OpinionDirectionError
from acutance.evaluation.data import DataChoice, PlannedData, Roots, match_splits, plan_data, read_data
from acutance.evaluation.files import results_files, write_run
from acutance.evaluation.measure import EvaluationPart, ProtocolSettings, StatisticsSettings, evaluate_model
from acutance.evaluation.model_scores import ModelScores, Rerun, shifted
from acutance.evaluation.model_tests import compare_models
from acutance.evaluation.protocols import Protocol, find_protocol
from acutance.evaluation.results import Evaluation, EvaluationRun, ModelTest
from acutance.evaluation.score_files import demand_directions, take_scores
from acutance.models.quality_model import QualityModel
from acutance.scoring.request import Options
from acutance.scoring.settings import ScoringSettings, checked_settings
from acutance.scoring.trained import ModelChoice, Weights
from acutance.types import Better, CurveKind, OnProgress

USUAL_CURVE: CurveKind = "logistic4"
"""VQEG's 4-parameter logistic. It is monotone, so it cannot mend a wrong order; the linear term of the 5-parameter
one can, and a fifth parameter flatters the model on small sets."""


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What is made of the scores."""

    protocol: str = "plain"
    """Name of the protocol."""
    part: EvaluationPart | None = None
    """Which part of the data sets; ``None`` for the protocol's usual one, or ``test`` beside a split."""
    curve: CurveKind | None = None
    """The fitted curve; ``None`` for the protocol's own, or else the 4-parameter logistic."""
    draws: int = 1000
    """Bootstrap draws; 0 for no intervals."""
    seed: int = 0
    """Seed of all draws and splits."""
    margin: float = 0.0
    """Two scores that differ by no more are a tie, where a protocol counts pairs."""


class EvaluationRequest:
    """One evaluation, planned and checked; pictures are scored when ``score`` is called.

    Args:
        models: Names or loaded models; none to take all scores from files.
        data: Names of data sets, files of tables, or tables.
        root: Their folders, in their order or by name.
        reference: As in ``read_data``.
        opinion_better: As in ``read_data``.
        allow_missing: As in ``read_data``.
        scores: Files of scores that were made before.
        better: Directions of the models in them that neither they nor the catalogue know.
        splits: Files of ``acutance data split``.
        measures: What is made of the scores.
        weights: As in ``acutance.score``.
        options: As in ``acutance.score``.
        settings: How pictures are scored.
        output: Folder of results; ``None`` to write nothing.
        rerun: What becomes of results that are there.
        on_progress: Called with files of labels read and files in all, where a protocol has such.

    Raises:
        EvaluationError: Data, scores or files that do not fit together.
        ConfigError: Models or settings that do not fit.
        DatasetError: A data set that cannot be read.
        UnknownNameError: A model, data set, part or protocol nobody knows.
    """

    def __init__(
        self,
        models: Sequence[ModelChoice],
        data: DataChoice | Sequence[DataChoice],
        root: Roots = None,
        *,
        reference: str | Path | None = None,
        opinion_better: Better | None = None,
        allow_missing: bool = False,
        scores: Sequence[str | Path] = (),
        better: Mapping[str, Better] | None = None,
        splits: Sequence[str | Path] = (),
        measures: Measures | None = None,
        weights: Weights | None = None,
        options: Options | None = None,
        settings: ScoringSettings | None = None,
        output: Path | None = None,
        rerun: Rerun | None = None,
        on_progress: OnProgress | None = None,
    ) -> None:
        if not models and not scores:
            raise EvaluationError(
                "Expected a model or a file of scores, got neither. Name models, such as psnr, or a file by scores."
            )
        if not models and (weights or options):
            raise EvaluationError(
                "Expected a model beside weights or options, got only scores of files. Name it, or leave them out."
            )
        measures, rerun = measures or Measures(), rerun or Rerun()
        self.protocol = find_protocol(measures.protocol)
        if measures.margin and not self.protocol.counts_pairs:
            raise EvaluationError(
                f"Expected a protocol that counts pairs beside the margin {measures.margin:g}, got "
                f"{self.protocol.name}. Leave the margin out, or take the protocol pairs."
            )
        self.statistics = _statistics(measures, self.protocol)
        try:
            tables = read_data(
                data, root, reference=reference, opinion_better=opinion_better, allow_missing=allow_missing
            )
        except OpinionDirectionError as error:
            command = _command(models, error.path, output)
            raise OpinionDirectionError(error.path, error.column, command, error.place) from error
        by_name = match_splits(splits, tables)
        chosen = ProtocolSettings(seed=measures.seed, draws=measures.draws, margin=measures.margin)
        self.data = [
            plan_data(table, self.protocol, chosen, measures.part, by_name, on_progress=on_progress) for table in tables
        ]
        taken = take_scores(scores, self.data, self.protocol, better or {})
        self.model_scores = ModelScores(
            models,
            self.data,
            self.protocol,
            weights=weights,
            options=options,
            settings=settings or ScoringSettings(),
            output=output,
            rerun=rerun,
        )
        self.names = list(dict.fromkeys([*self.model_scores.names, *taken]))
        self.output = output
        _demand_distinct(self.model_scores.names, taken)
        demand_directions(better or {}, taken)
        if output is not None:
            _demand_free(results_files(self.names, output), rerun)

    def report(self) -> list[str]:
        """What a user should know before the work begins."""
        lines = self.notes() + self.model_scores.report()
        return lines + [f"{one.name}: {note}" for one in self.data for note in one.prepared.notes]

    def notes(self) -> list[str]:
        """What one must know of the data sets."""
        return [f"{one.name}: {note}" for one in self.data for note in one.whole.notes]

    def remarks(self) -> list[str]:
        """What a user should know when the work is done."""
        return self.model_scores.remarks()

    def load_models(
        self,
        *,
        device: str = "auto",
        precision: Precision = "float32",
        offline: bool = False,
        on_progress: OnProgress | None = None,
    ) -> list[str]:
        """Load every model once, for all data sets; see ``ScoreRequest.load_models``.

        Raises:
            AcutanceError: As ``acutance.load``.
        """
        return self.model_scores.load_models(
            device=device, precision=precision, offline=offline, on_progress=on_progress
        )

    def score(self, on_progress: OnProgress | None = None) -> None:
        """Score the pictures of every data set by every model.

        Args:
            on_progress: Called with pictures done and pictures in all.

        Raises:
            ConfigError: A file of scores that was begun otherwise.
        """
        self.model_scores.run(on_progress)

    def evaluate(self, on_progress: OnProgress | None = None) -> EvaluationRun:
        """The statistics of everything that was scored.

        Args:
            on_progress: Called with bootstrap draws made and draws in all, those of all evaluations together.
        """
        pairs = [(one, model) for one in self.data for model in self.names if model in one.said]
        draws = max(1, self.statistics.draws)
        evaluations = []
        for index, (one, model) in enumerate(pairs):
            advance = None if on_progress is None else shifted(on_progress, index * draws, len(pairs) * draws)
            evaluations.append(self._evaluate_one(one, model, advance))
            if advance is not None:
                advance(draws, draws)
        evaluations = self.protocol.conclude(evaluations, self.model_scores.described())
        return EvaluationRun(
            eval_time=f"{datetime.now():%Y-%m-%d %H:%M:%S}",
            evaluations=evaluations,
            tests=_tests(evaluations),
            provenance={one.name: one.provenance for one in self.data},
        )

    def write(self, run: EvaluationRun) -> list[Path]:
        """Write the results into the folder of the request; the files, in their order.

        Raises:
            EvaluationError: No folder was given, or it cannot be written to.
        """
        if self.output is None:
            raise EvaluationError("Expected a folder of results, got none. Name one as output.")
        return write_run(run, self.output)

    def _evaluate_one(self, one: PlannedData, model: str, on_progress: OnProgress | None) -> Evaluation:
        evaluation = evaluate_model(one.inputs(model, self.statistics), on_progress=on_progress)
        outcome = one.prepared.outcome(one.scores(model), one.better[model])
        return evaluation.model_copy(
            update={
                "protocol": self.protocol.name,
                "notes": list(one.whole.notes),
                "protocol_results": outcome.results,
                "groups": {**evaluation.groups, **outcome.groups},
            }
        )


def _statistics(measures: Measures, protocol: Protocol) -> StatisticsSettings:
    curve = measures.curve or protocol.curve or USUAL_CURVE
    return StatisticsSettings(curve=curve, draws=measures.draws, seed=measures.seed)


def _tests(evaluations: Sequence[Evaluation]) -> list[ModelTest]:
    return compare_models(evaluations) if len({one.model for one in evaluations}) > 1 else []


def _command(models: Sequence[ModelChoice], data: Path, output: Path | None) -> str:
    """The call of the command line that evaluates these models on one list."""
    names = [model if isinstance(model, str) else "MODEL" for model in models] or ["MODEL"]
    return shlex.join(["acutance", "evaluate", *names, "--data", str(data), "--output", str(output or "results")])


def _demand_distinct(run: Sequence[str], taken: Sequence[str]) -> None:
    for name in run:
        if name in taken:
            raise EvaluationError(
                f"Expected every model once, got {name} to be run and in a file of scores. Leave one out."
            )


def _demand_free(files: Sequence[Path], rerun: Rerun) -> None:
    for path in files:
        if path.exists() and not (rerun.resume or rerun.overwrite):
            raise EvaluationError(
                f"Expected no file at {path}, got one. Continue with --resume, replace it with --overwrite, or name "
                "another folder."
            )


_LOGGER = logging.getLogger(__name__)


def evaluate(
    model: ModelChoice | Sequence[ModelChoice] = (),
    *,
    data: DataChoice | Sequence[DataChoice],
    root: Roots = None,
    reference: str | Path | None = None,
    opinion_better: Better | None = None,
    allow_missing: bool = False,
    scores: str | Path | Sequence[str | Path] = (),
    better: Mapping[str, Better] | None = None,
    protocol: str = "plain",
    part: EvaluationPart | None = None,
    split: str | Path | Sequence[str | Path] = (),
    curve: CurveKind | None = None,
    draws: int = 1000,
    seed: int = 0,
    margin: float = 0.0,
    output: str | Path | None = None,
    resume: bool = False,
    overwrite: bool = False,
    weights: Weights | None = None,
    options: Options | None = None,
    device: str = "auto",
    precision: Precision = "float32",
    offline: bool = False,
    batch_size: int | Literal["auto"] = "auto",
    workers: int | None = None,
    background: str = "white",
    hdr_peak: float | None = None,
    strict: bool = False,
    on_progress: OnProgress | None = None,
) -> EvaluationRun:
    r"""How well models agree with people: every model on every data set.

    Args:
        model: Names from ``acutance.list_models()``, as ``"psnr,ssim"``, one from ``acutance.load``, or a list.
        data: Name of a data set (``acutance data list``), file of a table or another list of opinions,
            ``OpinionTable``, or a list of these.
        root: Folder of each data set, in their order, or by name; a file alone has its own.
        reference: The undistorted picture of every row of a file that names none.
        opinion_better: ``"higher"`` or ``"lower"``, for lists whose opinions do not tell: a column dmos, not mos.
        allow_missing: Take what is there of a data set that is not whole as published; ``notes`` say how much.
        scores: Files of scores that were made before, instead of models or beside them; ``NAME=FILE`` for the data
            set of that name. They meet pictures by path below the root or by unique file name.
        better: Directions of the models in such files, needed where neither they nor the catalogue tell.
        protocol: Name from ``acutance.evaluation.protocols``.
        part: ``"all"``, ``"train"``, ``"validation"`` or ``"test"``; by default what the protocol takes, or the test
            part of a split.
        split: Files of ``acutance data split``.
        curve: ``"logistic4"``, ``"logistic5"``, ``"linear"`` or ``"none"``; by default that of the protocol, or
            ``"logistic4"``.
        draws: Bootstrap draws of whole scenes for intervals; 0 for none.
        seed: Seed of draws and splits.
        margin: Scores that differ by no more are a tie, where a protocol counts pairs.
        output: Folder for results and scores; by default nothing is written.
        resume: Continue the scores there.
        overwrite: Replace what is there.
        weights: File of weights, or a file for each model by name.
        options: Options for each model by name.
        device: ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"mps"``.
        precision: ``"float32"``, ``"bfloat16"`` or ``"float64"``.
        offline: Never touch the network.
        batch_size: Pictures of one size scored at once.
        workers: Threads that decode ahead.
        background: Colour under transparent pixels.
        hdr_peak: As in ``acutance.score``.
        strict: As in ``acutance.score``.
        on_progress: Called with pictures scored and pictures in all.

    Returns:
        An evaluation for each model and data set, and tests between the models. A picture that cannot be scored is
        counted in ``failed`` and told in ``predictions``; statistics are over the others.

    Raises:
        EvaluationError: Data, scores or files that do not fit together.
        DatasetError: A data set that cannot be read.
        ConfigError: Models or settings that do not fit.
        UnknownNameError: A model, data set, part or protocol nobody knows.

    Example:
        >>> import tempfile
        >>> from acutance.datasets import OpinionTable, RatedPicture
        >>> folder = Path(tempfile.mkdtemp())
        >>> rows = [RatedPicture(image=f"{n}.png", mos=float(n)) for n in range(1, 6)]
        >>> _ = (folder / "theirs.csv").write_text("image,ours\n5.png,9\n4.png,7\n1.png,1\n2.png,4\n3.png,3\n")
        >>> run = evaluate(data=OpinionTable(rows, folder, "mine"), scores=folder / "theirs.csv",
        ...                better={"ours": "higher"}, draws=0)
        >>> run.evaluations[0].agreement.count, round(run.evaluations[0].agreement.srcc, 4)
        (5, 0.9)
    """
    request = EvaluationRequest(
        [model] if isinstance(model, str | QualityModel) else list(model),
        data,
        root,
        reference=reference,
        opinion_better=opinion_better,
        allow_missing=allow_missing,
        scores=[scores] if isinstance(scores, str | Path) else list(scores),
        better=better,
        splits=[split] if isinstance(split, str | Path) else list(split),
        measures=Measures(protocol=protocol, part=part, curve=curve, draws=draws, seed=seed, margin=margin),
        weights=weights,
        options=options,
        settings=checked_settings(
            batch_size=batch_size, workers=workers, background=background, hdr_peak=hdr_peak, strict=strict
        ),
        output=None if output is None else Path(output),
        rerun=Rerun(resume=resume, overwrite=overwrite),
    )
    for note in request.load_models(device=device, precision=precision, offline=offline):
        warnings.warn(note, stacklevel=2)
    request.score(on_progress)
    for line in [*request.notes(), *request.remarks()]:
        _LOGGER.warning("%s", line)
    run = request.evaluate()
    if output is not None:
        request.write(run)
    return run
