"""ICC profiles of three primaries and curves, or of one grey curve, read for the conversion in floats."""

import struct

import numpy as np

from acutance.images.colour_space import ColourSpace, Curve, Floats, coded_space, power, space_of_colorants

_HDR = (16, 18)
_PARAMETERS = {0: 1, 1: 3, 2: 4, 3: 5, 4: 7}
"""Type of a parametric curve to the number of its parameters (ICC.1:2022, table 68)."""
_D50 = np.array([0.9642, 1.0, 0.8249])


def profile_space(profile: bytes) -> ColourSpace | None:
    """The space of a profile that consists of a matrix and curves; None for any other.

    A profile with tables (``A2B0``, ``D2B0`` and so on) is none of them even if it has a matrix too: tables come first.

    Args:
        profile: The profile, whole.

    Raises:
        ValueError: If it is damaged.
    """
    try:
        tags = _tags(profile)
        if (coded := tags.get(b"cicp")) and len(coded) >= 12 and coded[9] in _HDR:
            return coded_space(coded[8], coded[9], "profile, cicp")
        if profile[20:24] != b"XYZ " or any(name[1:3] == b"2B" for name in tags):
            return None
        if profile[16:20] == b"GRAY" and b"kTRC" in tags:
            grey = _curve(tags[b"kTRC"])
            return space_of_colorants(np.diag(_D50), (grey, grey, grey)) if grey is not None else None
        names = (b"rXYZ", b"gXYZ", b"bXYZ", b"rTRC", b"gTRC", b"bTRC")
        if profile[16:20] != b"RGB " or any(name not in tags for name in names):
            return None
        colorants = np.stack([_xyz(tags[name]) for name in names[:3]], axis=1)
        red, green, blue = (_curve(tags[name]) for name in names[3:])
        if tags[b"rTRC"] == tags[b"gTRC"] == tags[b"bTRC"]:
            green = blue = red
    except (struct.error, IndexError) as error:
        raise ValueError(f"it is damaged: {error}") from error
    if red is None or green is None or blue is None:
        return None
    return space_of_colorants(colorants, (red, green, blue))


def _tags(profile: bytes) -> dict[bytes, bytes]:
    (count,) = struct.unpack_from(">I", profile, 128)
    tags = {}
    for index in range(min(count, 200)):
        name, offset, size = struct.unpack_from(">4sII", profile, 132 + 12 * index)
        tags[name] = profile[offset : offset + size]
    return tags


def _xyz(tag: bytes) -> Floats:
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
