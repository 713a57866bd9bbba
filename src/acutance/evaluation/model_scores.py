"""Scores of models that are run now: loaded once, every data set through the scoring engine, resumable."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from acutance.catalog import CATALOG, ModelEntry, Precision, find_model
from acutance.evaluation.data import PlannedData, Said
from acutance.evaluation.files import model_folders
from acutance.evaluation.protocols import Protocol
from acutance.models.quality_model import QualityModel
from acutance.scoring.pairing import Pairing
from acutance.scoring.provenance import describe_run
from acutance.scoring.request import Options, ScoreRequest
from acutance.scoring.rows import ScoreRow
from acutance.scoring.score_file import ScoreFile
from acutance.scoring.settings import ScoringSettings
from acutance.scoring.trained import ModelChoice, Weights
from acutance.types import OnProgress

SCORES_FOLDER = "scores"


@dataclass(frozen=True)
class Rerun:
    """What becomes of files that are there already: without either, they are an error."""

    resume: bool = False
    """Continue the files of scores."""
    overwrite: bool = False
    """Replace all files."""


@dataclass
class _Work:
    """One data set with the models that can score it."""

    data: PlannedData
    request: ScoreRequest
    file: ScoreFile | None


class ModelScores:
    """Models to run over data sets, planned and checked; nothing is loaded or written before it is asked for.

    A model that compares with a reference is left out of data sets that have none.

    Args:
        models: Names, or loaded models.
        data: The data sets.
        protocol: Which number of a model counts.
        weights: As in ``acutance.score``.
        options: As in ``acutance.score``.
        settings: How to run.
        output: Folder of results; scores go below it, to ``scores/<data set>.csv``. ``None`` to write nothing.
        rerun: What becomes of files of scores that are there.

    Raises:
        ConfigError: Models, weights, options or files that do not fit, or a model that can score none of the data.
    """

    def __init__(
        self,
        models: Sequence[ModelChoice],
        data: Sequence[PlannedData],
        protocol: Protocol,
        *,
        weights: Weights | None = None,
        options: Options | None = None,
        settings: ScoringSettings,
        output: Path | None = None,
        rerun: Rerun = Rerun(),
    ) -> None:
        self._protocol = protocol
        self._everything: ScoreRequest | None = None
        self._work: list[_Work] = []
        self.names: list[str] = []
        if not models:
            return
        every_pair = Pairing([pair for one in data for pair in one.pairing().pairs])
        self._everything = ScoreRequest(
            every_pair, None, list(models), weights=weights, options=options, settings=settings
        )
        self.names = self._everything.names
        places = model_folders([one.name for one in data])
        for one in data:
            choices = self._everything.choices
            fitting = [choice for choice in choices if one.has_references or not _facts(choice).needs_reference]
            if fitting:
                request = ScoreRequest(one.pairing(), None, fitting, settings=settings)
                file = (
                    None
                    if output is None
                    else _file(request, output / SCORES_FOLDER / f"{places[one.name]}.csv", rerun)
                )
                self._work.append(_Work(one, request, file))
        for work in self._work:
            self._directions(work)

    def report(self) -> list[str]:
        """What a user should know before the work begins."""
        lines = []
        for work in self._work:
            lines.append(f"{work.data.name}: {work.request.report()[0]}")
            left = [name for name in self.names if name not in work.request.names]
            if left:
                lines.append(f"{work.data.name}: not by {', '.join(left)}, since it has no references")
        return lines

    def load_models(
        self, *, device: str, precision: Precision, offline: bool, on_progress: OnProgress | None = None
    ) -> list[str]:
        """Load every model once; see ``ScoreRequest.load_models``.

        Raises:
            AcutanceError: As ``acutance.load``.
        """
        if self._everything is None:
            return []
        notes = self._everything.load_models(
            device=device, precision=precision, offline=offline, on_progress=on_progress
        )
        loaded = dict(zip(self.names, self._everything.models, strict=True))
        for work in self._work:
            work.request.models = [loaded[name] for name in work.request.names]
            self._directions(work)
        return notes

    def run(self, on_progress: OnProgress | None = None) -> None:
        """Score every data set; a picture that cannot be scored is noted with its error.

        Args:
            on_progress: Called with pictures done and pictures in all, those of all data sets together.

        Raises:
            ConfigError: A file of scores that was begun otherwise.
        """
        total = sum(len(work.data.prepared.needed) for work in self._work)
        done = 0
        for work in self._work:
            advance = None if on_progress is None else shifted(on_progress, done, total)
            self._score(work, advance)
            done += len(work.data.prepared.needed)
            if on_progress is not None:
                on_progress(done, total)

    def remarks(self) -> list[str]:
        """What a user should know when the work is done."""
        return [f"{work.data.name}: {line}" for work in self._work for line in work.request.left_out.after()]

    def described(self) -> dict[str, dict[str, Any]]:
        """What is known of each loaded model's weights and preprocessing, by its name."""
        described = describe_run(self._everything.models if self._everything else [], "white", [])["models"]
        return {one["model"]: one for one in described}

    def _score(self, work: _Work, on_progress: OnProgress | None) -> None:
        request, data = work.request, work.data
        settings = request.settings
        data.described = describe_run(request.models, settings.background, request.pairing.pairs, settings.hdr_peak)
        rows = request.rows(on_progress) if work.file is None else request.to_file(work.file, on_progress)
        for name in request.names:
            data.said.setdefault(name, {})
        for index, row in enumerate(rows):
            key = data.prepared.needed[index // len(request.names)]
            data.said[row.model][key] = self._said(row)
        data.described |= request.left_out.fields()

    def _said(self, row: ScoreRow) -> Said:
        if row.score is None:
            return Said(None, row.error or "no score")
        value = row.score if self._protocol.term == "score" else row.terms.get(self._protocol.term)
        return Said(value, None if value is not None else f"no {self._protocol.term} among the terms")

    def _directions(self, work: _Work) -> None:
        """Which direction is better: a loaded model says of its score, the protocol of a term, else the catalogue."""
        own = dict(zip(work.request.names, work.request.choices, strict=True))
        own |= dict(zip(work.request.names, work.request.models, strict=False))
        for name, choice in own.items():
            if self._protocol.term == "score" and isinstance(choice, QualityModel):
                work.data.better[name] = choice.info.better
            else:
                work.data.better[name] = self._protocol.term_for(name).better


def shifted(on_progress: OnProgress, before: int, total: int) -> OnProgress:
    """Progress of one of several pieces of work, told as that of them all.

    Args:
        on_progress: Told of all.
        before: What was done before this piece.
        total: All there is to do.
    """
    return lambda done, _: on_progress(before + done, total)


def _file(request: ScoreRequest, path: Path, rerun: Rerun) -> ScoreFile:
    """The file of scores with all terms, so that any protocol can go on with it."""
    terms = dict.fromkeys(term for name in request.names if name in CATALOG for term in CATALOG[name].term_names)
    return request.output(path, term_names=tuple(terms), resume=rerun.resume, overwrite=rerun.overwrite)


def _facts(choice: ModelChoice) -> ModelEntry | QualityModel:
    return find_model(choice) if isinstance(choice, str) else choice
