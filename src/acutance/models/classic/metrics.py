"""Classic full-reference metrics as quality models: piq's formulas, the authors' settings."""

from contextlib import nullcontext
from importlib.metadata import version
from typing import Any, cast

import torch

from acutance.models.classic.channels import Channel, in_channel
from acutance.models.classic.formulas import FORMULAS
from acutance.models.classic.options import ClassicOptions, classic_options
from acutance.models.classic.published import CLASSIC, ClassicRecord
from acutance.models.classic.roots import FiniteRoots
from acutance.models.classic.windows import SeparableWindows
from acutance.models.quality_model import JSON, QualityModel
from acutance.shapes import ImageBatch, ScoreBatch


class ClassicMetric(QualityModel):
    """A formula without weights, such as SSIM.

    Values outside [0, 1] count as 0 or 1, as in a saved picture: overshoot neither fails nor gets a
    gradient. The maths runs in float64, as MATLAB's does (float32 where the device has no float64), and
    scores come back in the type of the pictures. It differentiates in both pictures; rounding to 8 bits
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
        pair = self.checked_pair(distorted, reference)
        wants_gradient = torch.is_grad_enabled() and any(images.requires_grad for images in pair)
        with SeparableWindows(), FiniteRoots() if wants_gradient else nullcontext():
            return {"score": self._scores(*pair)}

    def preprocessing(self) -> dict[str, JSON]:
        """The formula's library and version, channel, downsampling, window and constants."""
        settings = {key: [*value] if isinstance(value, tuple) else value for key, value in self.record.settings.items()}
        common = {"library": "piq", "clipped_to": [0.0, 1.0], "channel": "rgb"}
        record = {**common, **settings, **self.options.model_dump()}
        return cast("dict[str, JSON]", {**record, "library_version": version(record["library"])})

    def computes_in(self, asked: str, device: str) -> str:
        """float64, or float32 on mps, whatever is asked for."""
        return "float32" if device == "mps" else "float64"

    def extra_repr(self) -> str:
        """Options, and of a bare metric its name too, for ``print``."""
        name = [self.record.name] if self.provenance is None else []
        return ", ".join([*name, *(f"{key}={value!r}" for key, value in self.options)])

    def _scores(self, distorted: ImageBatch, reference: ImageBatch) -> ScoreBatch:
        options = self.options.model_dump()
        channel: Channel = options.pop("channel", "rgb")
        formula = FORMULAS[self.record.name]
        scores = formula(in_channel(distorted, channel), in_channel(reference, channel), **options)
        return scores.to(distorted.dtype)


def build(name: str, **options: Any) -> ClassicMetric:  # noqa: ANN401  (checked by classic_options)
    """The classic metric of a name.

    Args:
        name: One of ``CLASSIC``.
        **options: ``channel`` and ``downsample``, where the metric has them.

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
