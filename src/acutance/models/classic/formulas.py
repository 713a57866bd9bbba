"""Each classic metric as one function of two pictures: piq, called so that it answers as MATLAB does."""

from collections.abc import Callable
from typing import Any

import piq
import torch
from torch import Tensor

from acutance.errors import InputError
from acutance.models.classic.channels import Planes
from acutance.models.classic.downsampling import averaged, halved
from acutance.shapes import ChannelBatch, ScoreBatch

MS_SSIM_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
"""Exponents of the five scales (Wang et al. 2003, section 3.2)."""


def psnr(distorted: Planes, reference: Planes) -> ScoreBatch:
    """PSNR in dB; infinite for identical pictures, as in MATLAB.

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
    """SR-SIM, one picture at a time: piq scales saliency by the extremes of the whole batch."""
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
    """HaarPSI. Two black pictures would be 0 / 0; two white ones stand in, and score 1."""
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
            f"Expected references with some detail, because {name} weighs by it, got a flat picture at place "
            f"{int(flat.nonzero()[0, 0])} of the batch. Score it by psnr or ssim."
        )
