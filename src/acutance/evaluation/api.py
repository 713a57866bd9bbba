"""``acutance.evaluate``: read, score, measure, test, write; models and datasets to statistics one can cite."""

import logging
import shlex
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from acutance.catalog import CATALOG
from acutance.errors import EvaluationError, OpinionDirectionError
from acutance.evaluation.data import DataChoice, EvaluationData, Roots, match_splits, plan_data, read_data
from acutance.evaluation.files import model_folders, results_files, write_run
from acutance.evaluation.measure import EvaluationOptions, EvaluationPart, evaluate_model
from acutance.evaluation.model_tests import compare_models
from acutance.evaluation.protocols import Protocol, find_protocol
from acutance.evaluation.results import EvaluationRun
from acutance.evaluation.score_files import check_directions, take_scores
from acutance.scoring.options import RunOptions, run_options
from acutance.scoring.pairing import Pairing
from acutance.scoring.provenance import describe_models, describe_run
from acutance.scoring.rows import ScoreFile, ScoreRow
from acutance.scoring.run import (
    ModelChoice,
    ModelOptions,
    ScorePlan,
    Weights,
    facts_of,
    load_models,
    open_score_file,
    plan_scores,
    score_rows,
)
from acutance.types import Better, CurveKind, OnProgress, Precision

if TYPE_CHECKING:
    from acutance.models.quality_model import QualityModel

SCORES_FOLDER = "scores"
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
    options: ModelOptions | None = None,
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
    r"""Evaluate how well models agree with people: every model on every dataset.

    Args:
        model: Names from ``acutance.list_models()``, as ``"psnr,ssim"``, one from ``acutance.load``, or a list.
        data: Name of a dataset (``acutance data list``), file of a table or another list of opinions,
            ``OpinionTable``, or a list of these.
        root: Folder of each dataset, in their order, or by name; a file alone has its own.
        reference: The undistorted image of every row of a file that names none.
        opinion_better: ``"higher"`` or ``"lower"``, for lists whose opinions do not say: a column dmos, not mos.
        allow_missing: Take what is there of a dataset that is not whole as published; ``notes`` say how much.
        scores: Files of scores that were made before, instead of models or beside them; ``NAME=FILE`` for the dataset
            of that name. They meet images by path below the root or by unique file name.
        better: Directions of the models in such files, needed where neither they nor the catalogue have one.
        protocol: Name of a protocol, such as ``"pairs"`` or ``"cross-dataset"``; see docs/protocols.md.
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
        options: ModelOptions for each model by name.
        device: ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"mps"``.
        precision: ``"float32"``, ``"bfloat16"`` or ``"float64"``.
        offline: Never touch the network.
        batch_size: Images of one size scored at once.
        workers: Threads that decode ahead.
        background: Colour under transparent pixels.
        hdr_peak: Nits of the display to which HDR images are brought; without it they are an error.
        strict: Whether images that are not read, later frames and bits that cannot be had are errors, not remarks.
        on_progress: Called with images scored and images in all.

    Returns:
        An evaluation for each model and dataset, and tests between the models. An image that cannot be scored is
        counted in ``failed`` and listed with its error in ``predictions``; statistics are over the others.

    Raises:
        EvaluationError: Data, scores or files that do not fit together.
        DatasetError: A dataset that cannot be read.
        ConfigError: Models or settings that do not fit.
        UnknownNameError: A model, dataset, part or protocol nobody knows.

    Example:
        >>> import tempfile
        >>> from acutance.datasets import OpinionTable, RatedImage
        >>> folder = Path(tempfile.mkdtemp())
        >>> rows = [RatedImage(image=f"{n}.png", mos=float(n)) for n in range(1, 6)]
        >>> _ = (folder / "theirs.csv").write_text("image,ours\n5.png,9\n4.png,7\n1.png,1\n2.png,4\n3.png,3\n")
        >>> run = evaluate(data=OpinionTable(rows, folder, "mine"), scores=folder / "theirs.csv",
        ...                better={"ours": "higher"}, draws=0)
        >>> run.evaluations[0].agreement.count, round(run.evaluations[0].agreement.srcc, 4)
        (5, 0.9)
    """
    work = read(
        [model] if isinstance(model, str) or not isinstance(model, Iterable) else list(model),
        data,
        root,
        reference=reference,
        opinion_better=opinion_better,
        allow_missing=allow_missing,
        scores=[scores] if isinstance(scores, str | Path) else list(scores),
        better=better,
        splits=[split] if isinstance(split, str | Path) else list(split),
        options=EvaluationOptions(protocol=protocol, part=part, curve=curve, draws=draws, seed=seed, margin=margin),
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
        output=None if output is None else Path(output),
        resume=resume,
        overwrite=overwrite,
    )
    for note in work.load_models():
        warnings.warn(note, stacklevel=2)
    score(work, on_progress)
    run = with_tests(measure(work))
    for line in [*work.notes(), *work.remarks()]:
        _LOGGER.warning("%s", line)
    if output is not None:
        write_run(run, output)
    return run


@dataclass
class _ModelRun:
    """One dataset with the models that can score it."""

    data: EvaluationData
    plan: ScorePlan
    file: ScoreFile | None
    loaded: "list[QualityModel]" = field(default_factory=list)
    """The models, in the order of the plan."""


@dataclass
class Work:
    """An evaluation that is read and checked: datasets, models, and the scores that files bring."""

    protocol: Protocol
    options: EvaluationOptions
    data: list[EvaluationData]
    models: ScorePlan | None = None
    """All images by all models that are run; ``None`` without any."""
    runs: list[_ModelRun] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    """Every model, those that are run first."""

    def report(self) -> list[str]:
        """Notes for the user before the work begins."""
        lines = self.notes()
        for run in self.runs:
            lines.append(f"{run.data.name}: {run.plan.report()[0]}")
            left = [name for name in self.models.names if name not in run.plan.names] if self.models else []
            if left:
                lines.append(f"{run.data.name}: not by {', '.join(left)}, since it has no references")
        return lines + [f"{one.name}: {note}" for one in self.data for note in one.prepared.notes]

    def notes(self) -> list[str]:
        """Notes on the datasets."""
        return [f"{one.name}: {note}" for one in self.data for note in one.whole.notes]

    def remarks(self) -> list[str]:
        """Notes for the user when the work is done."""
        return [f"{run.data.name}: {line}" for run in self.runs for line in run.plan.left_out.after()]

    def load_models(self, on_progress: OnProgress | None = None) -> list[str]:
        """Load every model once, for all datasets; notes on them for the user."""
        if self.models is None:
            return []
        models, notes = load_models(self.models, on_progress)
        loaded = dict(zip(self.models.names, models, strict=True))
        for run in self.runs:
            run.loaded = [loaded[name] for name in run.plan.names]
            run.data.better |= _directions(run, self.protocol)
        return notes


def read(
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
    options: EvaluationOptions | None = None,
    weights: Weights | None = None,
    model_options: ModelOptions | None = None,
    settings: RunOptions | None = None,
    output: Path | None = None,
    resume: bool = False,
    overwrite: bool = False,
    on_progress: OnProgress | None = None,
) -> Work:
    """Read and check everything before the first image is scored; ``on_progress`` counts files of labels."""
    options = options or EvaluationOptions()
    if not models and not scores:
        raise EvaluationError(
            "Expected a model or a file of scores, got neither. Name models, such as psnr, or a file by scores."
        )
    if not models and (weights or model_options):
        raise EvaluationError(
            "Expected a model beside weights or options, got only scores of files. Name it, or leave them out."
        )
    protocol = find_protocol(options.protocol)
    if options.margin and not protocol.counts_pairs:
        raise EvaluationError(
            f"Expected a protocol that counts pairs beside the margin {options.margin:g}, got {protocol.name}. Leave "
            "the margin out, or take the protocol pairs."
        )
    options = replace(options, curve=options.curve or protocol.curve)
    try:
        tables = read_data(data, root, reference=reference, opinion_better=opinion_better, allow_missing=allow_missing)
    except OpinionDirectionError as error:
        command = _command(models, error.path, output)
        raise OpinionDirectionError(error.path, error.column, command, error.place) from error
    by_name = match_splits(splits, tables)
    work = Work(
        protocol, options, [plan_data(one, protocol, options, by_name, on_progress=on_progress) for one in tables]
    )
    in_files = take_scores(scores, work.data, protocol, better or {})
    if models:
        every_pair = Pairing([pair for one in work.data for pair in one.pairing().pairs])
        work.models = plan_scores(
            every_pair,
            None,
            list(models),
            options=settings or RunOptions(),
            weights=weights,
            model_options=model_options,
        )
        folder = None if output is None else output / SCORES_FOLDER
        _plan_runs(work, work.models, folder, resume=resume, overwrite=overwrite)
        work.names = list(work.models.names)
    for name in in_files:
        if name in work.names:
            raise EvaluationError(
                f"Expected every model once, got {name} to be run and in a file of scores. Leave one out."
            )
    work.names += in_files
    check_directions(better or {}, in_files)
    for path in [] if output is None or resume or overwrite else results_files(work.names, output):
        if path.exists():
            raise EvaluationError(
                f"Expected no file at {path}, got one. Continue with --resume, replace it with --overwrite, or name "
                "another folder."
            )
    return work


def score(work: Work, on_progress: OnProgress | None = None) -> None:
    """Score the images of every dataset by every model; ``on_progress`` counts those of all datasets together."""
    total = sum(len(run.data.prepared.needed) for run in work.runs)
    done = 0
    for run in work.runs:
        data, plan = run.data, run.plan
        advance = None if on_progress is None else _shifted(on_progress, done, total)
        data.described = describe_run(run.loaded, plan.pairing.pairs, plan.options)
        rows = score_rows(plan, run.loaded, run.file, advance)
        data.rows |= {name: {} for name in plan.names}
        for index, row in enumerate(rows):
            key = data.prepared.needed[index // len(plan.names)]
            data.rows[row.model][key] = _of_term(row, work.protocol.term)
        data.described |= plan.left_out.fields()
        done += len(data.prepared.needed)
        if on_progress is not None:
            on_progress(done, total)


def measure(work: Work, on_progress: OnProgress | None = None) -> EvaluationRun:
    """The statistics of everything that was scored; ``on_progress`` counts the draws of all evaluations together."""
    pairs = [(one, model) for one in work.data for model in work.names if model in one.rows]
    draws = max(1, work.options.draws)
    evaluations = []
    for index, (one, model) in enumerate(pairs):
        advance = None if on_progress is None else _shifted(on_progress, index * draws, len(pairs) * draws)
        found = evaluate_model(one.scored(model, work.options), on_progress=advance)
        outcome = one.prepared.outcome(one.scores(model), one.better[model])
        fields = {
            "protocol": work.protocol.name,
            "notes": list(one.whole.notes),
            "protocol_results": outcome.results,
            "groups": found.groups | outcome.groups,
        }
        evaluations.append(found.model_copy(update=fields))
        if advance is not None:
            advance(draws, draws)
    described = describe_models([model for run in work.runs for model in run.loaded])
    return EvaluationRun(
        eval_time=f"{datetime.now():%Y-%m-%d %H:%M:%S}",
        evaluations=work.protocol.conclude(evaluations, {one["model"]: one for one in described}),
        provenance={one.name: one.provenance for one in work.data},
    )


def with_tests(run: EvaluationRun) -> EvaluationRun:
    """The run with its models tested against each other, where there are several."""
    is_one = len({one.model for one in run.evaluations}) == 1
    return run if is_one else run.model_copy(update={"tests": compare_models(run.evaluations)})


def _plan_runs(work: Work, models: ScorePlan, folder: Path | None, *, resume: bool, overwrite: bool) -> None:
    """Models to run on each dataset: full-reference models need references."""
    files = model_folders([one.name for one in work.data])
    for one in work.data:
        fitting = [choice for choice in models.choices if one.has_references or not facts_of(choice).needs_reference]
        if not fitting:
            continue
        plan = plan_scores(one.pairing(), None, fitting, options=models.options)
        file = None
        if folder is not None:
            # all terms, so that any protocol can go on with the file
            terms = [term for name in plan.names if name in CATALOG for term in CATALOG[name].term_names]
            path, names = folder / f"{files[one.name]}.csv", tuple(dict.fromkeys(terms))
            file = open_score_file(plan, path, term_names=names, resume=resume, overwrite=overwrite)
        work.runs.append(_ModelRun(one, plan, file))
    for run in work.runs:
        run.data.better |= _directions(run, work.protocol)


def _directions(run: _ModelRun, protocol: Protocol) -> dict[str, Better]:
    """Better direction of each model's score, from the loaded model or else the catalogue."""
    own = dict(zip(run.plan.names, run.plan.choices, strict=True))
    own |= dict(zip(run.plan.names, run.loaded, strict=False))
    return {
        name: protocol.direction(name) if isinstance(one, str) or protocol.term != "score" else one.info.better
        for name, one in own.items()
    }


def _of_term(row: ScoreRow, term: str) -> ScoreRow:
    """The row with the number that a protocol looks at as its score."""
    if row.score is None or term == "score":
        return row
    value = row.terms.get(term)
    return replace(row, score=value, error=None if value is not None else f"no {term} among the terms")


def _shifted(on_progress: OnProgress, before: int, total: int) -> OnProgress:
    """Progress of one of several pieces of work as that of them all, when ``before`` was done."""
    return lambda done, _: on_progress(before + done, total)


def _command(models: Sequence[ModelChoice], data: Path, output: Path | None) -> str:
    """The call of the command line that evaluates these models on one list."""
    names = [model if isinstance(model, str) else "MODEL" for model in models] or ["MODEL"]
    return shlex.join(["acutance", "evaluate", *names, "--data", str(data), "--output", str(output or "results")])
