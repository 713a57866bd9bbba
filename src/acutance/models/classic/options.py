"""The options of the classic metrics: which channels are compared, rounded or not, and made smaller or not."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from acutance.errors import ConfigError, UnknownNameError


class ClassicOptions(BaseModel):
    """Base of the options; a metric with none of its own (sr_sim, vsi, mdsi) takes this."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ChannelOptions(ClassicOptions):
    """Base of the options of a metric that converts colours to a channel."""

    levels: Literal["auto", 256, "none"] = "auto"
    """``256``: grey and luma are rounded to the levels of 8-bit pictures, as MATLAB does with these. ``none``:
    they are not, and have weights of full precision. ``auto``: 256 where both pictures are known to hold 8 bits,
    none otherwise, tensors among them; then two deeper pictures of one channel are compared as that channel."""


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
    """Halve the pictures first by the mean of 2 x 2 pixels, as the authors do."""


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
