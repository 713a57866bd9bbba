"""A whole evaluation: planned and checked at once, then scored, measured and written."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from acutance.catalog import Precision
from acutance.errors import EvaluationError, OpinionDirectionError
from acutance.evaluation.data import DataChoice, Roots, match_splits, read_data
from acutance.evaluation.file_scores import demand_directions, take_scores
from acutance.evaluation.files import results_files, write_run
from acutance.evaluation.inputs import StatisticsSettings
from acutance.evaluation.measuring import evaluate_model
from acutance.evaluation.model_scores import ModelScores, Rerun, shifted
from acutance.evaluation.planned import PlannedData, plan_data
from acutance.evaluation.protocol import EvaluationPart, Protocol, ProtocolSettings
from acutance.evaluation.protocols import find_protocol
from acutance.evaluation.results import Evaluation, EvaluationRun, ModelTest
from acutance.evaluation.rivals import compare_models
from acutance.scoring.request import Options
from acutance.scoring.settings import ScoringSettings
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
