"""The classic metrics in the catalogue: papers, bounds, settings, options, distance to MATLAB; imports no torch."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from acutance.errors import ConfigError, UnknownNameError
from acutance.models.entry import ModelEntry
from acutance.types import ScoreInfo

Setting = str | int | float | tuple[float, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class ClassicRecord:
    """What is known of one classic metric."""

    name: str
    """Name in the catalogue."""
    title: str
    """Name in papers."""
    paper: str
    """Where it was published."""
    info: ScoreInfo
    """Direction and bounds; ``identical`` is the score of an image against itself."""
    smallest_side: int
    """Shortest side in pixels where scores are finite and tell images apart; found by trying."""
    settings: Mapping[str, Setting]
    """What else a score depends on, for its provenance."""
    matlab: str
    """How near the score is to the authors' MATLAB."""


MEAN_TO_256 = "mean of f x f pixels, f = round(shorter side / 256)"
MEAN_OF_4 = "mean of 2 x 2 pixels"

_RECORDS = (
    ClassicRecord(
        name="psnr",
        title="PSNR",
        paper="Peak signal-to-noise ratio, 10 log10(1 / mean squared error)",
        info=ScoreInfo(better="higher", low=0.0, high=inf, unit="dB", identical=inf),
        smallest_side=1,
        settings={"library": "acutance", "peak": 1.0},
        matlab="Equal to psnr.m to 1e-5 dB, infinite for identical images too (piq stops at 80 dB).",
    ),
    ClassicRecord(
        name="ssim",
        title="SSIM",
        paper="Wang, Bovik, Sheikh, Simoncelli: Image quality assessment: from error visibility to "
        "structural similarity, IEEE TIP 13(4), 2004, doi:10.1109/TIP.2003.819861",
        info=ScoreInfo(better="higher", low=-1.0, high=1.0, identical=1.0),
        smallest_side=11,
        settings={
            "window": "gaussian",
            "window_size": 11,
            "window_sigma": 1.5,
            "border": "valid",
            "k": (0.01, 0.03),
        },
        matlab="Equal to ssim_index.m to 1e-6; with downsample=True equal to ssim.m to 1e-6.",
    ),
    ClassicRecord(
        name="ms_ssim",
        title="MS-SSIM",
        paper="Wang, Simoncelli, Bovik: Multiscale structural similarity for image quality assessment, "
        "Asilomar 2003, doi:10.1109/ACSSC.2003.1292216",
        info=ScoreInfo(better="higher", low=0.0, high=1.0, identical=1.0),
        smallest_side=161,
        settings={
            "window": "gaussian",
            "window_size": 11,
            "window_sigma": 1.5,
            "border": "valid",
            "k": (0.01, 0.03),
            "scale_weights": (0.0448, 0.2856, 0.3001, 0.2363, 0.1333),
            "downsample": MEAN_OF_4 + " per scale, edge repeated",
        },
        matlab="Equal to msssim.m to 1e-6 (it refuses sides under 176); negative terms count as 0.",
    ),
    ClassicRecord(
        name="iw_ssim",
        title="IW-SSIM",
        paper="Wang, Li: Information content weighting for perceptual image quality assessment, "
        "IEEE TIP 20(5), 2011, doi:10.1109/TIP.2010.2092435",
        info=ScoreInfo(better="higher", low=0.0, high=1.0, identical=1.0),
        smallest_side=161,
        settings={
            "window": "gaussian",
            "window_size": 11,
            "window_sigma": 1.5,
            "k": (0.01, 0.03),
            "scale_weights": (0.0448, 0.2856, 0.3001, 0.2363, 0.1333),
            "block_size": 3,
            "noise_variance": 0.4,
        },
        matlab="Within 1e-7 of the reported score of iwssim.m (grey pair), which refuses sides under 176.",
    ),
    ClassicRecord(
        name="vif_p",
        title="VIFp",
        paper="Sheikh, Bovik: Image information and visual quality, IEEE TIP 15(2), 2006, "
        "doi:10.1109/TIP.2005.859378; pixel-domain version",
        info=ScoreInfo(better="higher", low=0.0, high=inf, identical=1.0),
        smallest_side=41,
        settings={
            "window": "gaussian",
            "window_size": (17, 9, 5, 3),
            "window_sigma": "size / 5",
            "noise_variance": 2.0,
        },
        matlab="Differs from the paper's VIF (vifvec.m, wavelets); equal to vifp_mscale.m to 1e-6.",
    ),
    ClassicRecord(
        name="fsim",
        title="FSIM",
        paper="Zhang, Zhang, Mou, Zhang: FSIM: a feature similarity index for image quality assessment, "
        "IEEE TIP 20(8), 2011, doi:10.1109/TIP.2011.2109730",
        info=ScoreInfo(better="higher", low=0.0, high=1.0, identical=1.0),
        smallest_side=2,
        settings={"downsample": MEAN_TO_256, "scales": 4, "orientations": 4, "shortest_wavelength": 6},
        matlab="Within 4e-5 of the reported scores of FeatureSIM.m (both pairs); the YIQ matrices differ.",
    ),
    ClassicRecord(
        name="sr_sim",
        title="SR-SIM",
        paper="Zhang, Li: SR-SIM: a fast and high performance IQA index based on spectral residual, "
        "ICIP 2012, doi:10.1109/ICIP.2012.6467149",
        info=ScoreInfo(better="higher", low=0.0, high=1.0, identical=1.0),
        smallest_side=40,
        settings={
            "channel": "Y of YIQ, not rounded",
            "downsample": MEAN_TO_256,
            "saliency_scale": 0.25,
            "window": "gaussian",
            "window_size": 10,
            "window_sigma": 3.8,
        },
        matlab="Within 1e-6 of the reported scores of SR_SIM.m (both pairs).",
    ),
    ClassicRecord(
        name="gmsd",
        title="GMSD",
        paper="Xue, Zhang, Mou, Bovik: Gradient magnitude similarity deviation, IEEE TIP 23(2), 2014, "
        "doi:10.1109/TIP.2013.2293423",
        info=ScoreInfo(better="lower", low=0.0, high=0.5, identical=0.0),
        smallest_side=3,
        settings={"downsample": MEAN_OF_4, "gradient": "prewitt", "constant": 170.0},
        matlab="Within 1e-5 of GMSD.m: the deviation divides by n where MATLAB divides by n - 1.",
    ),
    ClassicRecord(
        name="ms_gmsd",
        title="MS-GMSD",
        paper="Zhang, Sun, Yang, Ma: Gradient magnitude similarity deviation on multiple scales for "
        "color image quality assessment, ICASSP 2017, doi:10.1109/ICASSP.2017.7952357",
        info=ScoreInfo(better="lower", low=0.0, high=2.0, identical=0.0),  # 0.5 on grey; the colour term adds up to 1.5
        smallest_side=17,
        settings={
            "downsample": MEAN_OF_4 + " per scale",
            "gradient": "prewitt",
            "constant": 170.0,
            "scale_weights": (0.096, 0.596, 0.289, 0.019),
        },
        matlab="Not compared: no MATLAB of the authors was at hand; the formula is piq's.",
    ),
    ClassicRecord(
        name="vsi",
        title="VSI",
        paper="Zhang, Shen, Li: VSI: a visual saliency-induced index for perceptual image quality "
        "assessment, IEEE TIP 23(10), 2014, doi:10.1109/TIP.2014.2346028",
        info=ScoreInfo(better="higher", low=0.0, high=1.0, identical=1.0),
        smallest_side=2,
        settings={"downsample": MEAN_TO_256, "saliency": "SDSP at 256 x 256", "colours": "LMN"},
        matlab="Differs from VSI.m, which resizes saliency and averages blocks another way; on the reported "
        "colour pair it is 5e-6 off.",
    ),
    ClassicRecord(
        name="mdsi",
        title="MDSI",
        paper="Ziaei Nafchi, Shahkolaei, Hedjam, Cheriet: Mean deviation similarity index, "
        "IEEE Access 4, 2016, doi:10.1109/ACCESS.2016.2604042",
        info=ScoreInfo(better="lower", low=0.0, high=1.0, identical=0.0),
        smallest_side=2,
        settings={"downsample": MEAN_TO_256, "gradient": "prewitt", "colours": "LHM", "combination": "sum"},
        matlab="Equal to MDSI.m to 1e-6.",
    ),
    ClassicRecord(
        name="haarpsi",
        title="HaarPSI",
        paper="Reisenhofer, Bosse, Kutyniok, Wiegand: A Haar wavelet-based perceptual similarity index, "
        "Signal Processing: Image Communication 61, 2018, doi:10.1016/j.image.2017.11.001",
        info=ScoreInfo(better="higher", low=0.0, high=1.0, identical=1.0),
        smallest_side=16,
        settings={"scales": 3, "constant": 30.0, "alpha": 4.2, "colours": "YIQ"},
        matlab="Within 1e-4 of HaarPSI.m: the YIQ matrices differ in the fourth digit.",
    ),
    ClassicRecord(
        name="dss",
        title="DSS",
        paper="Balanov, Schwartz, Moshe, Peleg: Image quality assessment based on DCT subband similarity, "
        "ICIP 2015, doi:10.1109/ICIP.2015.7351172",
        info=ScoreInfo(better="higher", low=-1.0, high=1.0, identical=1.0),
        smallest_side=32,
        settings={
            "dct_size": 8,
            "window": "gaussian",
            "window_size": 3,
            "window_sigma": 1.5,
            "percentile": 0.05,
        },
        matlab="Within 1e-6 of the reported score of DSS.m (grey pair).",
    ),
)

CLASSIC: Mapping[str, ClassicRecord] = {record.name: record for record in _RECORDS}
"""The records by name."""


class ClassicOptions(BaseModel):
    """Base of the options; a metric with none of its own (sr_sim, vsi, mdsi) takes this."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ChannelOptions(ClassicOptions):
    """Base of the options of a metric that converts colours to a channel."""

    levels: Literal["auto", 256, "none"] = "auto"
    """``256``: grey and luma are rounded to the levels of 8-bit images, as MATLAB does with these. ``none``:
    they are not, and have weights of full precision. ``auto``: 256 where both images are known to hold 8 bits,
    none otherwise, tensors among them; then two deeper images of one channel are compared as that channel."""


class PSNROptions(ChannelOptions):
    """Options of psnr."""

    channel: Literal["rgb", "grey", "luma"] = "rgb"
    """``rgb``: all three. ``grey``: MATLAB's rgb2gray. ``luma``: rgb2ycbcr's Y, 16..235 ("PSNR-Y")."""


class SSIMOptions(ChannelOptions):
    """Options of ssim."""

    channel: Literal["grey", "rgb", "luma"] = "grey"
    """``grey``: MATLAB's rgb2gray. ``rgb``: mean over colours. ``luma``: rgb2ycbcr's Y, 16..235 (SSIM-Y)."""
    downsample: bool = False
    """Average f x f pixels first, f = round(shorter side / 256): the authors' later ``ssim.m``."""


class MSSSIMOptions(ChannelOptions):
    """Options of ms_ssim."""

    channel: Literal["grey", "rgb", "luma"] = "grey"
    """``grey``: MATLAB's rgb2gray. ``rgb``: mean over the colours. ``luma``: rgb2ycbcr's Y, 16..235."""


class OneChannelOptions(ChannelOptions):
    """Options of iw_ssim, vif_p, gmsd and dss, which compare one channel."""

    channel: Literal["grey", "luma"] = "grey"
    """``grey``: MATLAB's rgb2gray. ``luma``: rgb2ycbcr's Y, 16..235."""


class MSGMSDOptions(ChannelOptions):
    """Options of ms_gmsd."""

    channel: Literal["grey", "rgb"] = "grey"
    """``grey``: MS-GMSD on MATLAB's rgb2gray. ``rgb``: MS-GMSDc, with the colour term."""


class FSIMOptions(ChannelOptions):
    """Options of fsim."""

    channel: Literal["rgb", "grey"] = "rgb"
    """``rgb``: FSIMc, with the colour term. ``grey``: FSIM on MATLAB's rgb2gray."""


class HaarPSIOptions(ChannelOptions):
    """Options of haarpsi."""

    channel: Literal["rgb", "grey"] = "rgb"
    """``rgb``: with the colour term. ``grey``: on MATLAB's rgb2gray."""
    downsample: bool = True
    """Halve the images first by the mean of 2 x 2 pixels, as the authors do."""


OPTIONS: dict[str, type[ClassicOptions]] = {
    "psnr": PSNROptions,
    "ssim": SSIMOptions,
    "ms_ssim": MSSSIMOptions,
    "iw_ssim": OneChannelOptions,
    "vif_p": OneChannelOptions,
    "fsim": FSIMOptions,
    "sr_sim": ClassicOptions,
    "gmsd": OneChannelOptions,
    "ms_gmsd": MSGMSDOptions,
    "vsi": ClassicOptions,
    "mdsi": ClassicOptions,
    "haarpsi": HaarPSIOptions,
    "dss": OneChannelOptions,
}


def classic_options(name: str, **options: Any) -> ClassicOptions:  # noqa: ANN401  (checked by the model)
    """Checked options of a classic metric, defaults filled in.

    Args:
        name: Name of the metric.
        **options: What differs from the defaults.

    Returns:
        The frozen options.

    Raises:
        UnknownNameError: No such metric, or no such option; the message names the nearest.
        ConfigError: A value the option does not have.

    Example:
        >>> classic_options("ssim", channel="luma")
        SSIMOptions(levels='auto', channel='luma', downsample=False)
    """
    if name not in OPTIONS:
        raise UnknownNameError("classic metric", name, OPTIONS)
    known = OPTIONS[name].model_fields
    for option in options:
        if not known:
            raise ConfigError(f"Expected no options, because {name} has none, got {option!r}. Leave it out.")
        if option not in known:
            raise UnknownNameError(f"{name} option", option, known)
    try:
        return OPTIONS[name](**options)
    except ValidationError as error:
        first = error.errors()[0]
        wanted = first.get("ctx", {}).get("expected", "true or false")
        got = f"{first['loc'][0]} of {name} to be {wanted}, got {first['input']!r}"
        raise ConfigError(f"Expected {got}. Choose one of these.") from error


ENTRIES = tuple(
    ModelEntry(
        name=record.name,
        title=record.title,
        info=record.info,
        needs_reference=True,
        paper=record.paper,
        note=record.matlab,
        build="acutance.models.classic.metrics:ClassicMetric",
        arguments={"record": record},
        options=OPTIONS[record.name],
    )
    for record in CLASSIC.values()
)
