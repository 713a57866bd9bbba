"""``acutance.score``: from whatever names pictures to scores."""

import warnings
from collections.abc import Iterator, Sequence
from typing import Literal

from acutance.catalog import Precision
from acutance.scoring.provenance import describe_run
from acutance.scoring.request import Options, ScoreRequest
from acutance.scoring.rows import Score, ScoreRow
from acutance.scoring.scorer import OnProgress
from acutance.scoring.settings import checked_settings
from acutance.scoring.sources import Sources
from acutance.scoring.trained import ModelChoice, Weights


class ScoreRows(Iterator[ScoreRow]):
    """Rows made one by one, in the order of the pictures; each picture has one row per model.

    Args:
        request: The run, its models loaded.
        on_progress: Called with pictures done and pictures in all.

    Attributes:
        pairing: What is scored, and what was left over.
        provenance: What all the scores depend on.
    """

    def __init__(self, request: ScoreRequest, on_progress: OnProgress | None = None) -> None:
        self.pairing = request.pairing
        self.provenance = describe_run(request.models, request.settings.background, request.pairing.pairs)
        self._rows = request.rows(on_progress)
        self._names = request.names

    def __repr__(self) -> str:
        return f"<rows of {len(self.pairing.pairs)} pictures by {', '.join(self._names)}: iterate over them>"

    def __next__(self) -> ScoreRow:
        return next(self._rows)


def score(
    images: Sources,
    *,
    reference: Sources | None = None,
    model: ModelChoice | Sequence[ModelChoice] | None = None,
    weights: Weights | None = None,
    options: Options | None = None,
    pair_by: str = "path",
    allow_unmatched: bool = False,
    device: str = "auto",
    precision: Precision = "float32",
    offline: bool = False,
    batch_size: int | Literal["auto"] = "auto",
    workers: int | None = None,
    background: str = "white",
    on_progress: OnProgress | None = None,
) -> Score | ScoreRows:
    """How good pictures look: one score, or a stream of rows.

    Args:
        images: One picture (a path, a file opened with ``"rb"``, a Pillow picture, an array (H, W, 3), a tensor
            (3, H, W) in [0, 1]); or many: a folder, a list, an array or tensor with a batch dimension, or a
            manifest (``.csv`` or ``.jsonl`` with the columns ``image`` and ``reference``).
        reference: The undistorted picture; or a folder, whose files are found by name; or a list as long as
            ``images``, in its order.
        model: A name from ``acutance.list_models()``, a model from ``acutance.load``, or a list of these;
            ``"classic"`` stands for psnr, ssim, ms_ssim, gmsd and vsi. By default a pair is scored by afine-tiny, a
            picture alone by afine-tiny-naturalness, whose weights are in the package.
        weights: File of weights, or a file for each model by name; by default the published ones.
        options: Options for each model by name, such as ``{"ssim": {"channel": "rgb"}}``.
        pair_by: ``"path"``, ``"stem"`` or a regular expression with one group; how names meet in two folders.
        allow_unmatched: Score what has a reference instead of raising when something has none.
        device: ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"mps"``.
        precision: ``"float32"``, ``"bfloat16"`` (faster, a little off) or ``"float64"``; a warning names models that
            cannot compute in bfloat16.
        offline: Never touch the network.
        batch_size: Pictures of one size scored at once.
        workers: Threads that decode ahead.
        background: Colour under transparent pixels.
        on_progress: Called with pictures done and pictures in all.

    Returns:
        A ``Score`` for one picture and one model. Otherwise an iterator of ``ScoreRow``, where a picture that
        cannot be scored gives a row with an error and the rest goes on.

    Raises:
        PairingError: Pictures and references that do not fit together.
        ConfigError: Settings, weights or options that do not fit.
        UnknownNameError: A model, option or device nobody knows.
        CheckpointError: Weights that are missing or damaged.
        InputError: One picture that cannot be read or scored.

    Example:
        >>> import numpy as np
        >>> truth = np.tile(np.arange(64, dtype=np.uint8), (64, 1))
        >>> print(score(truth // 2 * 2, reference=truth, model="psnr"))
        psnr: 51.1411 dB (higher is better)
    """
    settings = checked_settings(batch_size=batch_size, workers=workers, background=background)
    request = ScoreRequest(
        images,
        reference,
        model,
        weights=weights,
        options=options,
        settings=settings,
        pair_by=pair_by,
        allow_unmatched=allow_unmatched,
    )
    for note in request.load_models(device=device, precision=precision, offline=offline):
        warnings.warn(note, stacklevel=2)
    rows = ScoreRows(request, on_progress)
    if request.pairing.is_single and len(request.models) == 1 and not isinstance(model, list | tuple):
        return _single(rows, request)
    return rows


def _single(rows: ScoreRows, request: ScoreRequest) -> Score:
    row = next(rows)
    if row.exception is not None:
        raise row.exception
    info = request.models[0].info
    return Score(value=float(row.score or 0.0), info=info, terms=row.terms, provenance=rows.provenance)
