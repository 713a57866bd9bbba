"""``acutance.evaluation.evaluate``: models and data sets to statistics one can cite."""

import logging
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from acutance.catalog import Precision
from acutance.evaluation.data import DataChoice, Roots
from acutance.evaluation.model_scores import Rerun
from acutance.evaluation.protocol import EvaluationPart
from acutance.evaluation.request import EvaluationRequest, Measures
from acutance.evaluation.results import EvaluationRun
from acutance.models.quality_model import QualityModel
from acutance.scoring.request import Options
from acutance.scoring.settings import checked_settings
from acutance.scoring.trained import ModelChoice, Weights
from acutance.types import Better, CurveKind, OnProgress

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
