"""``acutance.score``: from whatever names pictures to scores."""

import logging
import warnings
from collections.abc import Iterator, Sequence
from threading import RLock
from typing import TYPE_CHECKING, Any, Literal, overload

from acutance.catalog import Precision
from acutance.errors import MissingExtraError
from acutance.scoring.provenance import describe_run
from acutance.scoring.request import Options, ScoreRequest
from acutance.scoring.rows import ROW_FIELDS, TEXT_FIELDS, Score, ScoreRow
from acutance.scoring.scorer import score_pairs
from acutance.scoring.settings import checked_settings
from acutance.scoring.sources import Sources
from acutance.scoring.trained import ModelChoice, Weights
from acutance.types import OnProgress

if TYPE_CHECKING:
    import pandas as pd

    _Rows = Sequence[ScoreRow]
else:
    _Rows = Sequence  # checks of types at run time look at a row of a Sequence[ScoreRow], and that would score one

_LOGGER = logging.getLogger(__name__)


class ScoreRows(_Rows):
    """Rows in the order of the pictures, one for each model of each picture.

    A row is made when it is first asked for, by its index or by iterating, and kept: going through the rows again costs
    nothing. After Ctrl-C or a fault of a model, the next row that is asked for goes on where that one stopped.

    Args:
        request: The run, its models loaded.
        on_progress: Called with pictures done and pictures in all.

    Attributes:
        pairing: What is scored, and what was left over.
        provenance: What all the scores depend on, and what was left out of pictures so far.
    """

    def __init__(self, request: ScoreRequest, on_progress: OnProgress | None = None) -> None:
        self.pairing = request.pairing
        self._described = describe_run(
            request.models, request.settings.background, request.pairing.pairs, request.settings.hdr_peak
        )
        self._request = request
        self._on_progress = on_progress
        self._done: list[ScoreRow] = []
        self._coming: Iterator[list[ScoreRow]] | None = None
        self._making = RLock()

    def __repr__(self) -> str:
        count, names = len(self.pairing.pairs), ", ".join(self._request.names)
        return f"<{len(self._done)} of {len(self)} rows done: {count} picture{'s' if count > 1 else ''} by {names}>"

    @property
    def provenance(self) -> dict[str, Any]:
        """What all the scores depend on, and what was left out so far."""
        return self._described | self._request.left_out.fields()

    def __len__(self) -> int:
        return len(self.pairing.pairs) * len(self._request.names)

    def __iter__(self) -> Iterator[ScoreRow]:
        for place in range(len(self)):
            yield self[place]

    @overload
    def __getitem__(self, index: int) -> ScoreRow: ...

    @overload
    def __getitem__(self, index: slice) -> list[ScoreRow]: ...

    def __getitem__(self, index: int | slice) -> ScoreRow | list[ScoreRow]:
        places = range(len(self))
        if isinstance(index, slice):
            wanted = places[index]
            self._make(max(wanted, default=-1) + 1)
            return [self._done[place] for place in wanted]
        try:
            place = places[index]
        except IndexError:
            raise IndexError(f"row {index} of {len(self)} rows") from None
        self._make(place + 1)
        return self._done[place]

    def to_pandas(self, *, terms: bool = False) -> "pd.DataFrame":
        """All rows as a table of pandas, with the columns of a file of scores.

        A row that failed has the score NaN and its error; an infinite score is infinite.

        Args:
            terms: Also give what scores are made of, a column each.

        Raises:
            MissingExtraError: Without pandas.
        """
        try:
            import pandas as pd
        except ImportError as error:
            raise MissingExtraError(
                "Expected the package pandas, which is not installed. Do: pip install pandas"
            ) from error
        names = tuple(dict.fromkeys(name for row in self for name in row.terms)) if terms else ()
        table = pd.DataFrame([row.as_dict(names) for row in self], columns=[*ROW_FIELDS, *names])
        return table.astype({name: "float64" for name in table.columns if name not in TEXT_FIELDS})

    def _make(self, count: int) -> None:
        """Have at least so many rows, and whole pictures; threads that ask at once wait for each other."""
        with self._making:
            self._make_alone(count)

    def _make_alone(self, count: int) -> None:
        request = self._request
        while len(self._done) < count:
            if self._coming is None:
                start = len(self._done) // len(request.names)
                self._coming = score_pairs(
                    request.pairing.pairs,
                    request.models,
                    request.settings,
                    start=start,
                    frames=request.left_out.frames,
                    on_progress=self._on_progress,
                )
            try:
                rows = next(self._coming)
            except BaseException:  # what raised cannot go on; another one begins after the rows that are there
                self._coming = None
                raise
            self._done += rows
            request.left_out.count_depth(rows)
        if len(self._done) == len(self) and self._coming is not None:
            self._coming = None
            for line in request.left_out.after():
                _LOGGER.warning("%s", line)


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
    hdr_peak: float | None = None,
    strict: bool = False,
    on_progress: OnProgress | None = None,
) -> Score | ScoreRows:
    """How good pictures look: one score, or rows of many.

    Args:
        images: One picture (a path, a file opened with ``"rb"``, a Pillow picture, an array (H, W, 3), a tensor
            (3, H, W) in [0, 1]); or many: a folder, a list, an array or tensor with a batch dimension, or a
            manifest (``.csv`` or ``.jsonl`` with the columns ``image`` and ``reference``).
        reference: The undistorted picture; or a folder, whose files are found by name; or a list as long as
            ``images``, in its order.
        model: Names from ``acutance.list_models()``, as ``"psnr,ssim"``, one from ``acutance.load``, or a list;
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
        hdr_peak: Nits of a display's white to which HDR pictures (PQ, HLG) are tone-mapped; without it they are an
            error.
        strict: Make errors of what is a remark otherwise: pictures in folders that are not read, later frames.
        on_progress: Called with pictures done and pictures in all.

    Returns:
        A ``Score`` for one picture and one model. Otherwise a sequence of ``ScoreRow``, made as they are asked for and
        kept, in which a picture that cannot be scored has a row with an error; ``to_pandas()`` makes a table of it.

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
    settings = checked_settings(
        batch_size=batch_size, workers=workers, background=background, hdr_peak=hdr_peak, strict=strict
    )
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
    for line in request.left_out.before():
        _LOGGER.warning("%s", line)
    rows = ScoreRows(request, on_progress)
    if request.pairing.is_single and len(request.models) == 1 and not isinstance(model, list | tuple):
        return _single(rows, request)
    return rows


def _single(rows: ScoreRows, request: ScoreRequest) -> Score:
    row = rows[0]
    if row.exception is not None:
        raise row.exception
    info = request.models[0].info
    return Score(value=float(row.score or 0.0), info=info, terms=row.terms, provenance=rows.provenance)
