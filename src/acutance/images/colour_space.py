"""Colour spaces said by numbers, and the one conversion of all of them to sRGB, in floats.

Values become linear light by the space's curves, light becomes that of sRGB's primaries by a matrix (Bradford's
adaptation where the white differs), is cut to [0, 1] and encoded by sRGB's curve. Code points are those of ITU-T H.273.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acutance.errors import ConfigError, ImageReadError
from acutance.images.arrays import Pixels

Floats = NDArray[np.float64]
Curve = Callable[[Floats], Floats]
"""Values in [0, 1] to linear light."""
Chromaticities = tuple[tuple[float, float], tuple[float, float], tuple[float, float], tuple[float, float]]
"""x and y of red, green, blue and white."""

_D65, _C = (0.3127, 0.3290), (0.310, 0.316)
SRGB: Chromaticities = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06), _D65)
ADOBE_RGB: Chromaticities = ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06), _D65)
_SMPTE: Chromaticities = ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070), _D65)
_PRIMARIES: dict[int, Chromaticities] = {
    1: SRGB,
    2: SRGB,  # unspecified
    4: ((0.67, 0.33), (0.21, 0.71), (0.14, 0.08), _C),
    5: ((0.64, 0.33), (0.29, 0.60), (0.15, 0.06), _D65),
    6: _SMPTE,
    7: _SMPTE,
    8: ((0.681, 0.319), (0.243, 0.692), (0.145, 0.049), _C),
    9: ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046), _D65),
    11: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), (0.314, 0.351)),
    12: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), _D65),
    22: ((0.630, 0.340), (0.295, 0.605), (0.155, 0.077), _D65),
}
"""H.273, table 2."""
_PQ, _HLG = 16, 18
_SRGB_CURVES = (1, 2, 6, 11, 13, 14, 15)
"""sRGB's curve, those of video cameras (BT.709, 601, 2020), which every viewer of stills shows by it, and none said."""
PQ_PEAK, HLG_PEAK = 10_000.0, 1_000.0
"""Nits of the largest value: by definition in PQ, on BT.2100's nominal display in HLG."""
LEAST_PEAK = 50.0
HDR_RULE = (
    "PQ from 10000 nits, HLG from 1000 (system gamma 1.2), to {peak:g} nits, which is white: the EETF of ITU-R BT.2390 "
    "on the largest of red, green and blue"
)
"""What provenance says of the tone mapping. The same source peak for every file: a pair is mapped by one curve."""
_D50 = np.array([0.9642, 1.0, 0.8249])
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
_PARAMETERS = {0: 1, 1: 3, 2: 4, 3: 5, 4: 7}
"""Type of an ICC profile's parametric curve to the number of its parameters (ICC.1:2022, table 68)."""
_BLOCK = 1 << 14
"""Pixels converted at once: what a processor's caches hold."""


@dataclass(frozen=True, eq=False)
class ColourSpace:
    """A space of red, green and blue that is not sRGB."""

    to_srgb: Floats
    """(3, 3), linear light to that of sRGB's primaries; rows add up to 1, so that grey stays grey."""
    curves: tuple[Curve, Curve, Curve]
    """Of red, green and blue."""
    hdr: int = 0
    """The code point of PQ or HLG; 0 for any other."""
    luminance: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Weights of red, green and blue in luminance, for HLG."""
    narrow_bits: int = 0
    """Bits a value if black is at 16 and white at 235 of 8 bits; 0 for the full range."""


def power(exponent: float) -> Curve:
    """The curve of a plain power."""
    return lambda values: values**exponent


def srgb_curve(values: Floats) -> Floats:
    """IEC 61966-2-1, values to light."""
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def coded_space(primaries: int, transfer: int, what: str, *, narrow_bits: int = 0) -> ColourSpace | None:
    """The space of two code points of H.273; None for sRGB.

    Args:
        what: The file and what in it says so, for errors.
        narrow_bits: Bits a value if black is at 16 and white at 235 of 8 bits.

    Raises:
        ImageReadError: For code points that are reserved or that nobody uses for images.
    """
    if primaries not in _PRIMARIES:
        raise ImageReadError(f"{what}: Expected colour primaries known here, got {primaries}. Save it as sRGB.")
    curve = _CURVES.get(transfer)
    if curve is None:
        raise ImageReadError(f"{what}: Expected a transfer curve known here, got {transfer}. Save it as sRGB.")
    if _PRIMARIES[primaries] == SRGB and transfer in _SRGB_CURVES and not narrow_bits:
        return None
    hdr = transfer if transfer in (_PQ, _HLG) else 0
    return space_of(_PRIMARIES[primaries], curve, hdr=hdr, narrow_bits=narrow_bits)


def space_of(chromaticities: Chromaticities, curve: Curve, *, hdr: int = 0, narrow_bits: int = 0) -> ColourSpace:
    """The space of primaries, a white and one curve.

    Raises:
        ValueError: If the three primaries span no space.
    """
    to_xyz = _to_xyz(chromaticities)
    to_d65 = _adaptation(_xyz(chromaticities[3]), _xyz(_D65))
    red, green, blue = (float(weight) for weight in to_xyz[1])
    to_srgb = np.linalg.inv(_to_xyz(SRGB)) @ to_d65 @ to_xyz
    return ColourSpace(to_srgb, (curve, curve, curve), hdr, (red, green, blue), narrow_bits)


def space_of_colorants(to_d50: Floats, curves: tuple[Curve, Curve, Curve]) -> ColourSpace:
    """The space of an ICC profile's primaries (columns, XYZ at D50) and curves."""
    srgb = _adaptation(_xyz(_D65), _D50) @ _to_xyz(SRGB)
    matrix = np.linalg.inv(srgb) @ to_d50
    sums = matrix.sum(axis=1, keepdims=True)
    near = bool(np.abs(sums - 1).max() < 2e-3)  # colorants are rounded to 1 / 65536: white would miss white
    return ColourSpace(matrix / sums if near else matrix, curves)


def checked_peak(nits: float | None) -> None:
    """Raises ``ConfigError`` unless it is a display's peak, or none."""
    if nits is not None and not LEAST_PEAK <= nits <= PQ_PEAK:
        raise ConfigError(
            f"Expected a display's peak from {LEAST_PEAK:g} to {PQ_PEAK:g} nits, got {nits:g}. Change hdr_peak."
        )


def converted(colour: Pixels, space: ColourSpace, hdr_peak: float | None, name: str) -> Pixels:
    """Values of a space as sRGB.

    Args:
        colour: Shape (H, W, 1 or 3): uint8, uint16, float32 or float64.
        space: What they are values of; in grey, all three are equal.
        hdr_peak: Nits of the display to which PQ and HLG are brought by BT.2390.

    Returns:
        The same shape, or three channels where the curves make colour of grey; float32, or float64 for float64.

    Raises:
        ImageReadError: For PQ and HLG without a peak.
    """
    if space.hdr and hdr_peak is None:
        kind = "PQ" if space.hdr == _PQ else "HLG"
        raise ImageReadError(
            f"{name}: Expected an image of standard dynamic range, got HDR ({kind}). Give the peak of a display, "
            "such as --hdr-peak 203 (hdr_peak=203), and it is tone-mapped by BT.2390, or tone-map it first."
        )
    is_grey = colour.shape[2] == 1 and space.curves[0] == space.curves[1] == space.curves[2]
    channels = 1 if is_grey else 3
    flat = colour.reshape(-1, colour.shape[2])
    result = np.empty((len(flat), channels), np.float64 if colour.dtype == np.float64 else np.float32)
    tables = [_table(space, channel, colour.dtype) for channel in range(channels)]
    for start in range(0, len(flat), _BLOCK):
        block = flat[start : start + _BLOCK]
        light = [
            _decoded(block[:, min(channel, block.shape[1] - 1)], space, channel, tables[channel])
            for channel in range(channels)
        ]
        if hdr_peak is not None and space.hdr:
            light = _tone_mapped(light, space, hdr_peak)
        for channel in range(channels):
            mixed = light[0] if is_grey else sum(space.to_srgb[channel, i] * light[i] for i in range(3))
            result[start : start + _BLOCK, channel] = _srgb_values(np.clip(mixed, 0, 1))
    return result.reshape(*colour.shape[:2], channels)


def _table(space: ColourSpace, channel: int, dtype: np.dtype[np.generic]) -> Floats | None:
    """Light of every integer, or None for floats."""
    if dtype.kind == "f":
        return None
    peak = 255 if dtype == np.uint8 else 65535
    return _light(np.arange(peak + 1, dtype=np.float64) / peak, space, channel)


def _decoded(values: NDArray[np.generic], space: ColourSpace, channel: int, table: Floats | None) -> Floats:
    return _light(values.astype(np.float64), space, channel) if table is None else table[values]


def _light(values: Floats, space: ColourSpace, channel: int) -> Floats:
    if space.narrow_bits:
        top, step = 2**space.narrow_bits - 1, 2 ** (space.narrow_bits - 8)
        values = np.clip((values * top - 16 * step) / (219 * step), 0, 1)
    return space.curves[channel](values)


def _srgb_values(light: Floats) -> Floats:
    """IEC 61966-2-1, light to values."""
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


def _xyz(chromaticity: tuple[float, float]) -> Floats:
    x, y = chromaticity
    if not 0 < y <= 1:
        raise ValueError(f"y of a chromaticity is {y:g}")
    return np.array([x / y, 1.0, (1 - x - y) / y])


def _to_xyz(chromaticities: Chromaticities) -> Floats:
    """(3, 3): columns are red, green and blue in XYZ, adding up to white."""
    columns = np.stack([_xyz(one) for one in chromaticities[:3]], axis=1)
    if abs(np.linalg.det(columns)) < 1e-6:
        raise ValueError("red, green and blue lie on one line")
    scaled: Floats = columns * np.linalg.solve(columns, _xyz(chromaticities[3]))
    return scaled


def _adaptation(white: Floats, other: Floats) -> Floats:
    """Bradford's matrix from one white to another, both in XYZ."""
    cones = (_BRADFORD @ other) / (_BRADFORD @ white)
    adapted: Floats = np.linalg.inv(_BRADFORD) @ np.diag(cones) @ _BRADFORD
    return adapted


def _tone_mapped(light: list[Floats], space: ColourSpace, peak: float) -> list[Floats]:
    """BT.2390's EETF on the largest of red, green and blue; the peak becomes 1, black stays black."""
    if space.hdr == _HLG:  # BT.2100's display of 1,000 nits: system gamma 1.2
        luminance = light[0] if len(light) == 1 else sum(w * one for w, one in zip(space.luminance, light, strict=True))
        nits, source = [HLG_PEAK * luminance**0.2 * one for one in light], HLG_PEAK
    else:
        nits, source = [PQ_PEAK * one for one in light], PQ_PEAK
    largest = np.maximum(np.max(nits, axis=0), 1e-9)
    ratio = _eetf(largest, source, peak) / (peak * largest)
    return [one * ratio for one in nits]


def _eetf(nits: Floats, source: float, target: float) -> Floats:
    """ITU-R BT.2390-11, 5.4.1, with black at 0 on both displays."""
    top, shown = (float(value) for value in _pq_values(np.array([source, target]) / PQ_PEAK))
    highest = shown / top
    if highest >= 1:
        return nits
    value = _pq_values(nits / PQ_PEAK) / top
    knee = 1.5 * highest - 0.5
    t = (value - knee) / (1 - knee)
    rolled = (2 * t**3 - 3 * t**2 + 1) * knee + (t**3 - 2 * t**2 + t) * (1 - knee) + (3 * t**2 - 2 * t**3) * highest
    return PQ_PEAK * _pq_light(np.where(value < knee, value, rolled) * top)


_M1, _M2 = 2610 / 16384, 2523 / 4096 * 128
_C1, _C2, _C3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32


def _pq_light(values: Floats) -> Floats:
    """SMPTE ST 2084, values to light as a part of 10,000 nits."""
    root = values ** (1 / _M2)
    return (np.maximum(root - _C1, 0) / (_C2 - _C3 * root)) ** (1 / _M1)


def _pq_values(light: Floats) -> Floats:
    root = light**_M1
    return ((_C1 + _C2 * root) / (1 + _C3 * root)) ** _M2


def _hlg_light(values: Floats) -> Floats:
    """BT.2100's HLG, values to scene light."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    return np.where(values <= 0.5, values**2 / 3, (np.exp((values - c) / a) + b) / 12)


def _smpte240_light(values: Floats) -> Floats:
    return np.where(values < 0.0912, values / 4, ((values + 0.1115) / 1.1115) ** (1 / 0.45))


_CURVES: dict[int, Curve] = {
    **dict.fromkeys(_SRGB_CURVES, srgb_curve),
    4: power(2.2),
    5: power(2.8),
    7: _smpte240_light,
    8: power(1.0),
    _PQ: _pq_light,
    _HLG: _hlg_light,
}
"""H.273, table 3, without logarithmic curves, BT.1361 and SMPTE ST 428."""


def profile_space(profile: bytes) -> ColourSpace | None:
    """The space of a profile that consists of a matrix and curves; None for any other.

    A profile with tables (``A2B0``, ``D2B0`` and so on) is none of them even if it has a matrix too: tables come first.

    Raises:
        ValueError: If it is damaged.
    """
    try:
        tags = _profile_tags(profile)
        if (coded := tags.get(b"cicp")) and len(coded) >= 12 and coded[9] in (_PQ, _HLG):
            return coded_space(coded[8], coded[9], "profile, cicp")
        if profile[20:24] != b"XYZ " or any(name[1:3] == b"2B" for name in tags):
            return None
        if profile[16:20] == b"GRAY" and b"kTRC" in tags:
            grey = _curve(tags[b"kTRC"])
            return space_of_colorants(np.diag(_D50), (grey, grey, grey)) if grey is not None else None
        names = (b"rXYZ", b"gXYZ", b"bXYZ", b"rTRC", b"gTRC", b"bTRC")
        if profile[16:20] != b"RGB " or any(name not in tags for name in names):
            return None
        colorants = np.stack([_xyz_tag(tags[name]) for name in names[:3]], axis=1)
        red, green, blue = (_curve(tags[name]) for name in names[3:])
        if tags[b"rTRC"] == tags[b"gTRC"] == tags[b"bTRC"]:
            green = blue = red
    except (struct.error, IndexError) as error:
        raise ValueError(f"it is damaged: {error}") from error
    if red is None or green is None or blue is None:
        return None
    return space_of_colorants(colorants, (red, green, blue))


def _profile_tags(profile: bytes) -> dict[bytes, bytes]:
    (count,) = struct.unpack_from(">I", profile, 128)
    tags = {}
    for index in range(min(count, 200)):
        name, offset, size = struct.unpack_from(">4sII", profile, 132 + 12 * index)
        tags[name] = profile[offset : offset + size]
    return tags


def _xyz_tag(tag: bytes) -> Floats:
    return np.array(struct.unpack_from(">3i", tag, 8)) / 65536


def _curve(tag: bytes) -> Curve | None:
    """A ``curv`` or ``para`` tag; None for a kind nobody knows."""
    if tag[:4] == b"curv":
        (count,) = struct.unpack_from(">I", tag, 8)
        if count == 0:
            return power(1.0)
        if count == 1:
            return power(struct.unpack_from(">H", tag, 12)[0] / 256)
        return _sampled(np.array(struct.unpack_from(f">{count}H", tag, 12)) / 65535)
    kind = struct.unpack_from(">H", tag, 8)[0]
    if tag[:4] != b"para" or kind not in _PARAMETERS:
        return None
    values = np.array(struct.unpack_from(f">{_PARAMETERS[kind]}i", tag, 12)) / 65536
    return _parametric(kind, [float(value) for value in values])


def _sampled(levels: Floats) -> Curve:
    places = np.linspace(0, 1, len(levels))
    return lambda values: np.interp(values, places, levels)


def _parametric(kind: int, values: list[float]) -> Curve:
    """ICC.1:2022, 10.18: a power from ``d`` on, a line or a constant below."""
    g, a, b, c, d, e, f = [*values, *[0.0] * 7][:7]
    if kind == 0:
        a = 1.0
    elif kind < 3:  # the power begins where its base is 0; below it, the constant
        c, d, e, f = 0.0, -b / a if a else 0.0, c, c

    def light(x: Floats) -> Floats:
        return np.clip(np.where(x >= d, np.maximum(a * x + b, 0) ** g + e, c * x + f), 0, 1)

    return light
