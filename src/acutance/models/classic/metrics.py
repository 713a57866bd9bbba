"""Classic full-reference metrics as quality models: piq's formulas, the authors' settings."""

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, cast

import piq
import torch
from torch import Tensor

from acutance.errors import InputError
from acutance.extras import installed_versions
from acutance.models.classic.channels import Channel, Planes, averaged, halved, in_channel, in_range
from acutance.models.classic.entry import CLASSIC, ClassicOptions, ClassicRecord, classic_options
from acutance.models.classic.exact import FiniteRoots, KeptFloat64, SeparableWindows
from acutance.models.quality_model import PairDepth, QualityModel
from acutance.shapes import ChannelBatch, ImageBatch, ScoreBatch
from acutance.types import JSON

MS_SSIM_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
"""Exponents of the five scales (Wang et al. 2003, section 3.2)."""


def psnr(distorted: Planes, reference: Planes) -> ScoreBatch:
    """PSNR in dB; infinite for identical images, as in MATLAB.

    Not piq's, which adds 1e-8 to the mean squared error: that takes 0.04 dB off at 60 dB and ends at 80 dB.
    """
    error = (distorted - reference).square().mean(dim=(1, 2, 3))
    identical = error == 0
    return (10 * torch.log10(1 / error.masked_fill(identical, 1))).masked_fill(identical, torch.inf)


def ssim(distorted: Planes, reference: Planes, *, downsample: bool) -> ScoreBatch:
    """SSIM with the 11 x 11 Gaussian window, over the pixels where it fits; the mean over the planes."""
    if downsample:
        distorted, reference = (averaged(planes, "symmetric") for planes in (distorted, reference))
    scores, _ = _ssim_terms(distorted, reference)
    return scores.mean(dim=1)


def ms_ssim(distorted: Planes, reference: Planes) -> ScoreBatch:
    """MS-SSIM: piq's SSIM terms at five scales, halved as in ``msssim.m``; the mean over the planes.

    Not piq's own loop over the scales, which treats odd sides another way and is off by up to 0.009.
    """
    product = torch.ones(distorted.shape[:2]).to(distorted)
    for scale, weight in enumerate(MS_SSIM_WEIGHTS):
        if scale:
            distorted, reference = halved(distorted), halved(reference)
        full, contrast = _ssim_terms(distorted, reference)
        term = full if scale == len(MS_SSIM_WEIGHTS) - 1 else contrast
        product = product * term.relu() ** weight
    return product.mean(dim=1)


def iw_ssim(distorted: Planes, reference: Planes) -> ScoreBatch:
    """IW-SSIM: MS-SSIM weighted by the information in the reference."""
    _require_detail(reference, "iw_ssim")
    striped = InputError(
        "Expected references whose detail runs in more than one direction, because iw_ssim inverts its "
        "covariance, got one that is constant along lines. Score it by ms_ssim."
    )
    if any(bool((reference.diff(dim=axis) == 0).flatten(1).all(dim=1).any()) for axis in (2, 3)):
        raise striped
    try:
        scores = _piq(piq.information_weighted_ssim, distorted, reference)
    except torch.linalg.LinAlgError as error:  # type: ignore[attr-defined]
        raise striped from error
    if bool(scores.isnan().any()):  # rounding may hide from the inversion that there is none
        raise striped
    return scores


def vif_p(distorted: Planes, reference: Planes) -> ScoreBatch:
    """VIF in the pixel domain."""
    _require_detail(reference, "vif_p")
    return _piq(piq.vif_p, distorted, reference)


def fsim(distorted: Planes, reference: Planes) -> ScoreBatch:
    """FSIMc of three planes, FSIM of one."""
    distorted, reference = (averaged(planes, "zero") for planes in (distorted, reference))
    return _piq(piq.fsim, distorted, reference, chromatic=distorted.shape[1] == 3)


def sr_sim(distorted: Planes, reference: Planes) -> ScoreBatch:
    """SR-SIM, one image at a time: piq scales saliency by the extremes of the whole batch."""
    distorted, reference = (averaged(planes, "zero") for planes in (distorted, reference))
    pairs = zip(distorted.unsqueeze(1), reference.unsqueeze(1), strict=True)
    return torch.cat([_piq(piq.srsim, one, other) for one, other in pairs])


def gmsd(distorted: Planes, reference: Planes) -> ScoreBatch:
    """GMSD."""
    return _piq(piq.gmsd, distorted, reference)


def ms_gmsd(distorted: Planes, reference: Planes) -> ScoreBatch:
    """MS-GMSDc of three planes, MS-GMSD of one."""
    return _piq(piq.multi_scale_gmsd, distorted, reference, chromatic=distorted.shape[1] == 3)


def vsi(distorted: Planes, reference: Planes) -> ScoreBatch:
    """VSI."""
    _require_detail(reference, "vsi")
    return _piq(piq.vsi, distorted, reference)


def mdsi(distorted: Planes, reference: Planes) -> ScoreBatch:
    """MDSI, its two similarities summed."""
    distorted, reference = (averaged(planes, "zero") for planes in (distorted, reference))
    return _piq(piq.mdsi, distorted, reference)


def haarpsi(distorted: Planes, reference: Planes, *, downsample: bool) -> ScoreBatch:
    """HaarPSI. Two black images would be 0 / 0; two white ones stand in, and score 1."""
    lightest = torch.maximum(distorted, reference).amax(dim=(1, 2, 3), keepdim=True)
    distorted, reference = (planes.masked_fill(lightest == 0, 1) for planes in (distorted, reference))
    return _piq(piq.haarpsi, distorted, reference, subsample=downsample)


def dss(distorted: Planes, reference: Planes) -> ScoreBatch:
    """DSS."""
    return _piq(piq.dss, distorted, reference)


FORMULAS: dict[str, Callable[..., ScoreBatch]] = {
    "psnr": psnr,
    "ssim": ssim,
    "ms_ssim": ms_ssim,
    "iw_ssim": iw_ssim,
    "vif_p": vif_p,
    "fsim": fsim,
    "sr_sim": sr_sim,
    "gmsd": gmsd,
    "ms_gmsd": ms_gmsd,
    "vsi": vsi,
    "mdsi": mdsi,
    "haarpsi": haarpsi,
    "dss": dss,
}


def _piq(function: Callable[..., Any], distorted: Planes, reference: Planes, **options: bool) -> ScoreBatch:
    scores: Tensor = function(distorted, reference, data_range=1.0, reduction="none", **options)
    return scores


def _ssim_terms(distorted: Planes, reference: Planes) -> tuple[ChannelBatch, ChannelBatch]:
    """Mean SSIM and mean contrast-structure term of each plane."""
    planes = [images.flatten(0, 1).unsqueeze(1) for images in (distorted, reference)]  # (batch * channels, 1, h, w)
    full, contrast = piq.ssim(*planes, downsample=False, full=True, reduction="none")
    return full.reshape(distorted.shape[:2]), contrast.reshape(distorted.shape[:2])


def _require_detail(reference: Planes, name: str) -> None:
    """Raise ``InputError`` where a reference is flat, so that the score would be 0 / 0."""
    flat = (reference.amax(dim=(2, 3)) == reference.amin(dim=(2, 3))).all(dim=1)  # (batch,)
    if flat.any():
        raise InputError(
            f"Expected references with some detail, because {name} weighs by it, got a flat image at place "
            f"{int(flat.nonzero()[0, 0])} of the batch. Score it by psnr or ssim."
        )


LEVELS_RULE = "256 where both pictures hold 8 bits; else none, and two pictures of one channel are compared as it is"
"""What ``levels="auto"`` means, for the provenance."""


class ClassicMetric(QualityModel):
    """A formula without weights, such as SSIM.

    Values outside [0, 1] count as 0 or 1, as in a saved image: overshoot neither fails nor gets a
    gradient; 0 and 1 themselves have the gradient that leads inward. The maths runs in float64, as MATLAB's
    does (float32 where the device has no float64), and scores come back in the type of the images. It
    differentiates in both images. Tensors are not rounded to 8 bits unless ``levels`` is 256; that rounding
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
        """The score of each image, as ``score``.

        Args:
            distorted: Images to score, in [0, 1].

        Returns:
            One score per image; ``info`` says how to read it.

        Raises:
            InputError: Wrong shape, type, range or size, no reference, or an image the formula is not
                defined for (iw_ssim, vif_p, vsi: a flat reference).
            ShapeMismatchError: The two differ in shape.
        """
        return self._terms(distorted, reference, PairDepth())

    def terms_at_depth(self, distorted: ImageBatch, reference: ImageBatch, depth: PairDepth) -> dict[str, ScoreBatch]:
        """The score of each image, as ``terms``, where the depth of the images is known.

        Args:
            distorted: Images to score, in [0, 1].
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
        library = str(record["library"])
        return cast("dict[str, JSON]", {**record, "library_version": installed_versions((library,)).get(library)})

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
