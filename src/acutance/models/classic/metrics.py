"""Classic full-reference metrics as quality models: piq's formulas, the authors' settings."""

from contextlib import ExitStack
from importlib.metadata import version
from typing import Any, cast

import torch

from acutance.models.classic.channels import Channel, Planes, in_channel, in_range
from acutance.models.classic.formulas import FORMULAS
from acutance.models.classic.options import ClassicOptions, classic_options
from acutance.models.classic.precision import KeptFloat64
from acutance.models.classic.published import CLASSIC, ClassicRecord
from acutance.models.classic.roots import FiniteRoots
from acutance.models.classic.windows import SeparableWindows
from acutance.models.quality_model import JSON, PairDepth, QualityModel
from acutance.shapes import ImageBatch, ScoreBatch

LEVELS_RULE = "256 where both pictures hold 8 bits; else none, and two pictures of one channel are compared as it is"
"""What ``levels="auto"`` means, for the provenance."""


class ClassicMetric(QualityModel):
    """A formula without weights, such as SSIM.

    Values outside [0, 1] count as 0 or 1, as in a saved picture: overshoot neither fails nor gets a
    gradient; 0 and 1 themselves have the gradient that leads inward. The maths runs in float64, as MATLAB's
    does (float32 where the device has no float64), and scores come back in the type of the pictures. It
    differentiates in both pictures. Tensors are not rounded to 8 bits unless ``levels`` is 256; that rounding
    passes the gradient on unchanged.

    Args:
        record: Which metric, and how to read its score.
        options: Options of this metric, from ``classic_options``.
    """

    def __init__(self, record: ClassicRecord, options: ClassicOptions) -> None:
        super().__init__()
        self.record = record
        self.options = options
        self.info = record.info
        self.smallest_side = record.smallest_side

    def terms(self, distorted: ImageBatch, reference: ImageBatch | None = None) -> dict[str, ScoreBatch]:
        """The score of each picture, as ``score``.

        Args:
            distorted: Pictures to score, in [0, 1].
            reference: Their references of the same shape.

        Returns:
            One score per picture; ``info`` says how to read it.

        Raises:
            InputError: Wrong shape, type, range or size, no reference, or a picture the formula is not
                defined for (iw_ssim, vif_p, vsi: a flat reference).
            ShapeMismatchError: The two differ in shape.
        """
        return self._terms(distorted, reference, PairDepth())

    def terms_at_depth(self, distorted: ImageBatch, reference: ImageBatch, depth: PairDepth) -> dict[str, ScoreBatch]:
        """The score of each picture, as ``terms``, where the depth of the pictures is known.

        Args:
            distorted: Pictures to score, in [0, 1].
            reference: Their references of the same shape.
            depth: Of all pairs; what ``levels="auto"`` looks at.
        """
        return self._terms(distorted, reference, depth)

    def _terms(self, distorted: ImageBatch, reference: ImageBatch | None, depth: PairDepth) -> dict[str, ScoreBatch]:
        pair = self.checked_pair(distorted, reference)
        wants_gradient = torch.is_grad_enabled() and any(images.requires_grad for images in pair)
        with SeparableWindows(), ExitStack() as stack:
            if wants_gradient:
                stack.enter_context(FiniteRoots())
            if not depth.eight_bits and distorted.device.type != "mps":  # which has no float64
                stack.enter_context(KeptFloat64())
            return {"score": self._scores(*pair, depth)}

    def preprocessing(self) -> dict[str, JSON]:
        """The formula's library and version, channel, downsampling, window and constants."""
        settings = {key: [*value] if isinstance(value, tuple) else value for key, value in self.record.settings.items()}
        common = {"library": "piq", "clipped_to": [0.0, 1.0], "channel": "rgb"}
        options = self.options.model_dump()
        if options.get("levels") == "auto":
            options["levels"] = LEVELS_RULE
        record = {**common, **settings, **options}
        return cast("dict[str, JSON]", {**record, "library_version": version(record["library"])})

    def computes_in(self, asked: str, device: str) -> str:
        """float64, or float32 on mps, whatever is asked for."""
        return "float32" if device == "mps" else "float64"

    def extra_repr(self) -> str:
        """Options, and of a bare metric its name too, for ``print``."""
        name = [self.record.name] if self.provenance is None else []
        return ", ".join([*name, *(f"{key}={value!r}" for key, value in self.options)])

    def _scores(self, distorted: ImageBatch, reference: ImageBatch, depth: PairDepth) -> ScoreBatch:
        options = self.options.model_dump()
        levels, channel = options.pop("levels", None), options.pop("channel", None)
        formula = FORMULAS[self.record.name]
        planes = [_planes(images, channel, levels, depth) for images in (distorted, reference)]
        return formula(*planes, **options).to(distorted.dtype)


def _planes(images: ImageBatch, channel: Channel | None, levels: str | int | None, depth: PairDepth) -> Planes:
    """What the formula compares; one without a choice of channels wants colours."""
    if channel is None:
        return in_range(images)
    rounded = levels == 256 or (levels == "auto" and depth.eight_bits)
    if depth.one_channel and not rounded:
        return in_range(images[:, :1])
    return in_channel(images, channel, rounded=rounded)


def build(name: str, **options: Any) -> ClassicMetric:  # noqa: ANN401  (checked by classic_options)
    """The classic metric of a name.

    Args:
        name: One of ``CLASSIC``.
        **options: ``channel``, ``levels`` and ``downsample``, where the metric has them.

    Returns:
        The metric, ready to score.

    Raises:
        UnknownNameError: No such metric or option; the message names the nearest.
        ConfigError: A value the option does not have.

    Example:
        >>> metric = build("psnr")
        >>> metric(torch.full((1, 3, 8, 8), 0.5), torch.full((1, 3, 8, 8), 0.75))  # 10 log10(1 / 0.25^2)
        tensor([12.0412])
    """
    checked = classic_options(name, **options)
    return ClassicMetric(CLASSIC[name], checked)
