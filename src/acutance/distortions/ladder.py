"""KADID-10k's 25 distortions at 5 levels: kind and level to image.

Lin, Hosu, Saupe: KADID-10k: A large-scale artificially distorted IQA database (QoMEX 2019). Parameters are those of
``imdist_generator.m`` in the MATLAB code released with KADIS-700k; docs/distortions.md says how near each kind is.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from acutance.distortions import artefacts, blurs, colour, spatial, tones
from acutance.distortions.pixels import Pixels, as_floats, like
from acutance.errors import ConfigError, UnknownNameError

LEVELS = 5
"""Level 1 to level 5, in KADID's order."""

Family = Literal["blur", "colour", "compression", "noise", "brightness", "spatial", "sharpness"]


@dataclass(frozen=True)
class Kind:
    """One of the 25 distortions."""

    number: int
    """KADID's number, the second field of its file names."""
    name: str
    """The name in the score file of KADIS-700k."""
    title: str
    """The name in words."""
    family: Family
    """KADID's group."""
    parameter: str
    """What changes from level to level."""
    values: tuple[float, float, float, float, float]
    """The parameter at levels 1 to 5."""
    apply: Callable[..., Pixels]
    """From an image of floats in [0, 1], a value of the parameter and, where it is random, a generator, to floats."""
    is_random: bool = False
    """Whether the seed matters."""


# fmt: off
_KINDS = (
    Kind(1, "gblur", "Gaussian blur", "blur", "sigma, pixels", (0.1, 0.5, 1, 2, 5), blurs.gaussian_blur),
    Kind(2, "lblur", "lens blur", "blur", "radius, pixels", (1, 2, 4, 6, 8), blurs.lens_blur),
    Kind(3, "mblur", "motion blur", "blur", "length, pixels", (1, 2, 4, 6, 10), blurs.motion_blur, is_random=True),
    Kind(4, "colordiffuse", "colour diffusion", "colour", "amount", (1, 3, 6, 8, 12), colour.colour_diffusion),
    Kind(5, "colorshift", "colour shift", "colour", "pixels", (1, 3, 6, 8, 12), colour.colour_shift, is_random=True),
    Kind(6, "colorquantize", "colour quantisation", "colour", "colours", (64, 48, 32, 16, 8),
         colour.colour_quantisation),
    Kind(7, "colorsaturate", "saturation in HSV", "colour", "factor", (0.4, 0.2, 0.1, 0, -0.4), colour.saturation_hsv),
    Kind(8, "saturate", "saturation in L*a*b*", "colour", "factor", (1, 2, 3, 6, 9), colour.saturation_lab),
    Kind(9, "jp2k", "JPEG 2000", "compression", "ratio", (16, 32, 45, 120, 400), artefacts.jpeg2000),
    Kind(10, "jpeg", "JPEG", "compression", "quality", (43, 36, 24, 7, 4), artefacts.jpeg),
    Kind(11, "noisegauss", "white noise", "noise", "variance", (0.001, 0.002, 0.003, 0.005, 0.01),
         artefacts.white_noise, is_random=True),
    Kind(12, "noisecolorcomp", "white noise in YCbCr", "noise", "variance", (0.0001, 0.0005, 0.001, 0.002, 0.003),
         artefacts.white_noise_ycbcr, is_random=True),
    Kind(13, "noiseimpulse", "impulse noise", "noise", "density", (0.001, 0.005, 0.01, 0.02, 0.03),
         artefacts.impulse_noise, is_random=True),
    Kind(14, "noisemultiplicative", "multiplicative noise", "noise", "variance", (0.001, 0.005, 0.01, 0.02, 0.05),
         artefacts.multiplicative_noise, is_random=True),
    Kind(15, "denoise", "denoise", "noise", "variance", (0.01, 0.03, 0.05, 0.1, 0.15),
         artefacts.denoised, is_random=True),
    Kind(16, "brighten", "brighten", "brightness", "amount", (0.1, 0.2, 0.4, 0.7, 1.1), tones.brighten),
    Kind(17, "darken", "darken", "brightness", "amount", (0.05, 0.1, 0.2, 0.4, 0.8), tones.darken),
    Kind(18, "meanshift", "mean shift", "brightness", "amount", (0.15, 0.08, 0, -0.08, -0.15), tones.mean_shift),
    Kind(19, "jitter", "jitter", "spatial", "sigma, pixels", (0.05, 0.1, 0.2, 0.5, 1), spatial.jitter, is_random=True),
    Kind(20, "noneccentricity", "non-eccentricity patch", "spatial", "patches", (20, 40, 60, 80, 100),
         spatial.non_eccentricity_patch, is_random=True),
    Kind(21, "pixelate", "pixelate", "spatial", "strength", (0.01, 0.05, 0.1, 0.2, 0.5), spatial.pixelate),
    Kind(22, "noisequantize", "quantisation", "spatial", "thresholds", (20, 16, 13, 10, 7), spatial.quantisation),
    Kind(23, "colorblock", "colour block", "spatial", "blocks", (2, 4, 6, 8, 10), spatial.colour_block, is_random=True),
    Kind(24, "sharpenHi", "high sharpen", "sharpness", "amount", (1, 2, 3, 6, 12), tones.high_sharpen),
    Kind(25, "contrastchange", "contrast change", "sharpness", "amount", (0.3, 0.15, 0, -0.4, -0.6),
         tones.contrast_change),
)
# fmt: on

KINDS: Mapping[str, Kind] = MappingProxyType({kind.name: kind for kind in _KINDS})
"""The 25 kinds by name, in the order of KADID's numbers."""


def distort(
    image: NDArray[Any], kind: str, level: int, *, seed: int = 0, mask: NDArray[Any] | None = None
) -> NDArray[Any]:
    """The image with one distortion.

    The same arguments give the same image; different seeds, kinds and levels draw independently.

    Args:
        image: Shape (H, W, 3), sRGB: uint8, uint16, or float32 or float64 in [0, 1]; any size from 1x1 up. Never
            changed.
        kind: Name of one of ``KINDS``.
        level: 1 to 5.
        seed: What random kinds draw from, 0 or more.
        mask: Where to distort, shape (H, W): bool, or floats in [0, 1] that blend the two. Where it is 0 the
            image stays bit for bit. ``None`` is everywhere.

    Returns:
        Shape and type of the image, not the image itself.

    Raises:
        UnknownNameError: If nobody knows the kind; offers the nearest.
        ConfigError: If the level or the seed is out of range.
        InputError: If the image or the mask has another shape or type, or floats outside [0, 1].

    Example:
        >>> distort(np.full((2, 3, 3), 100, np.uint8), "meanshift", 2)[0, 0]
        array([120, 120, 120], dtype=uint8)
    """
    return like(distorted_floats(as_floats(image), kind, level, seed), image, mask)


def distorted_floats(image: Pixels, kind: str, level: int, seed: int) -> Pixels:
    """``distort`` on floats in [0, 1], without a mask; the result may leave [0, 1]."""
    entry = known_kind(kind)
    check_level(level)
    if seed < 0:
        raise ConfigError(f"Expected a seed of 0 or more, got {seed}.")
    value = entry.values[level - 1]
    if not entry.is_random:
        return entry.apply(image, value)
    return entry.apply(image, value, np.random.default_rng([seed, entry.number, level]))


def known_kind(name: str) -> Kind:
    """The kind of that name; raises ``UnknownNameError``, which offers the nearest, if there is none."""
    if name not in KINDS:
        raise UnknownNameError("distortion", name, KINDS)
    return KINDS[name]


def check_level(level: int) -> None:
    """Raise ``ConfigError`` unless the level is 1 to 5."""
    if not 1 <= level <= LEVELS:
        raise ConfigError(f"Expected a level from 1 to {LEVELS}, got {level}.")
