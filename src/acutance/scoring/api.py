"""``acutance.score``: from whatever names images to scores."""

import logging
import warnings
from collections.abc import Iterator, Sequence
from threading import RLock
from typing import TYPE_CHECKING, Any, Literal, overload

from acutance.errors import MissingExtraError
from acutance.scoring.options import run_options
from acutance.scoring.pairing import Sources
from acutance.scoring.provenance import describe_run
from acutance.scoring.rows import ROW_FIELDS, TEXT_FIELDS, Score, ScoreRow
from acutance.scoring.run import ModelChoice, ModelOptions, ScorePlan, Weights, load_models, plan_scores, scored_pairs
from acutance.types import OnProgress, Precision

if TYPE_CHECKING:
    import pandas as pd

    from acutance.models.quality_model import QualityModel

    _Rows = Sequence[ScoreRow]
else:
    _Rows = Sequence  # checks of types at run time look at a row of a Sequence[ScoreRow], and that would score one

_LOGGER = logging.getLogger(__name__)


class ScoreRows(_Rows):
    """Rows in the order of the images, one for each model of each image.

    A row is made when it is first asked for, by its index or by iterating, and kept: going through the rows again costs
    nothing. After Ctrl-C or a fault of a model, the next row that is asked for goes on where that one stopped.
    """

    def __init__(
        self, plan: ScorePlan, models: Sequence["QualityModel"], on_progress: OnProgress | None = None
    ) -> None:
        self.pairing = plan.pairing
        """What is scored, and what was left over."""
        self._described = describe_run(models, plan.pairing.pairs, plan.options)
        self._plan = plan
        self._models = models
        self._on_progress = on_progress
        self._done: list[ScoreRow] = []
        self._coming: Iterator[list[ScoreRow]] | None = None
        self._making = RLock()

    def __repr__(self) -> str:
        count, names = len(self.pairing.pairs), ", ".join(self._plan.names)
        return f"<{len(self._done)} of {len(self)} rows done: {count} image{'s' if count > 1 else ''} by {names}>"

    @property
    def provenance(self) -> dict[str, Any]:
        """Models, options and versions behind all scores, and a count of what was left out so far."""
        return self._described | self._plan.left_out.fields()

    def __len__(self) -> int:
        return len(self.pairing.pairs) * len(self._plan.names)

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
            raise MissingExtraError("The package pandas is not installed. Do: pip install pandas") from error
        names = tuple(dict.fromkeys(name for row in self for name in row.terms)) if terms else ()
        table = pd.DataFrame([row.as_dict(names) for row in self], columns=[*ROW_FIELDS, *names])
        return table.astype({name: "float64" for name in table.columns if name not in TEXT_FIELDS})

    def _make(self, count: int) -> None:
        """Have at least so many rows, and whole images; threads that ask at once wait for each other."""
        with self._making:
            while len(self._done) < count:
                if self._coming is None:
                    start = len(self._done) // len(self._models)
                    self._coming = scored_pairs(self._plan, self._models, start, self._on_progress)
                try:
                    self._done += next(self._coming)
                except BaseException:  # what raised cannot go on; another one begins after the rows that are there
                    self._coming = None
                    raise
            if len(self._done) == len(self) and self._coming is not None:
                self._coming = None
                for line in self._plan.left_out.after():
                    _LOGGER.warning("%s", line)


def score(
    images: Sources,
    *,
    reference: Sources | None = None,
    model: ModelChoice | Sequence[ModelChoice] | None = None,
    weights: Weights | None = None,
    options: ModelOptions | None = None,
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
    """How good images look: one score, or rows of many.

    Args:
        images: One image (a path, a file opened with ``"rb"``, a Pillow image, an array (H, W, 3), a tensor
            (3, H, W) in [0, 1]); or many: a folder, a list, an array or tensor with a batch dimension, or a
            manifest (``.csv`` or ``.jsonl`` with the columns ``image`` and ``reference``).
        reference: The undistorted image; or a folder, whose files are found by name; or a list as long as
            ``images``, in its order.
        model: Names from ``acutance.list_models()``, as ``"psnr,ssim"``, one from ``acutance.load``, or a list;
            ``"classic"`` stands for psnr, ssim, ms_ssim, gmsd and vsi. By default a pair is scored by afine-tiny, an
            image alone by afine-tiny-naturalness, whose weights are in the package.
        weights: File of weights, or a file for each model by name; by default the published ones.
        options: Options for each model by name, such as ``{"ssim": {"channel": "rgb"}}``.
        pair_by: ``"path"``, ``"stem"`` or a regular expression with one group; how names meet in two folders.
        allow_unmatched: Score what has a reference instead of raising when something has none.
        device: ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"mps"``.
        precision: ``"float32"``, ``"bfloat16"`` (faster, a little off; a warning names models that cannot compute in
            it) or ``"float64"``.
        offline: Never touch the network.
        batch_size: Images of one size scored at once.
        workers: Threads that decode ahead.
        background: Colour under transparent pixels.
        hdr_peak: Nits of a display's white to which HDR images (PQ, HLG) are tone-mapped; else they are an error.
        strict: Make errors of images that are not read, later frames and lost bits, which are remarks otherwise.
        on_progress: Called with images done and images in all.

    Returns:
        A ``Score`` for one image and one model. Otherwise a sequence of ``ScoreRow``, made as they are asked for and
        kept, in which an image that cannot be scored has a row with an error; ``to_pandas()`` makes a table of it.

    Raises:
        PairingError: Images and references that do not fit together.
        ConfigError: Settings, weights or options that do not fit.
        UnknownNameError: A model, option or device nobody knows.
        CheckpointError: Weights that are missing or damaged.
        InputError: One image that cannot be read or scored.

    Example:
        >>> import numpy as np
        >>> truth = np.tile(np.arange(64, dtype=np.uint8), (64, 1))
        >>> print(score(truth // 2 * 2, reference=truth, model="psnr"))
        psnr: 51.1411 dB (higher is better)
    """
    run = run_options(
        device=device,
        precision=precision,
        offline=offline,
        batch_size=batch_size,
        workers=workers,
        background=background,
        hdr_peak=hdr_peak,
        strict=strict,
    )
    plan = plan_scores(
        images,
        reference,
        model,
        options=run,
        weights=weights,
        model_options=options,
        pair_by=pair_by,
        allow_unmatched=allow_unmatched,
    )
    models, notes = load_models(plan)
    for note in notes:
        warnings.warn(note, stacklevel=2)
    for line in plan.left_out.before():
        _LOGGER.warning("%s", line)
    rows = ScoreRows(plan, models, on_progress)
    if not plan.pairing.is_single or len(models) > 1 or isinstance(model, list | tuple):
        return rows
    row = rows[0]
    if row.exception is not None:
        raise row.exception
    return Score(value=float(row.score or 0.0), info=models[0].info, terms=row.terms, provenance=rows.provenance)
