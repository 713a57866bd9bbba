"""The picture formats that are read, those that are known and not read, and the endings of their files."""

from pathlib import PurePath

PICTURE_FORMATS = {
    "PNG": (".png", ".apng"),
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"),
    "TIFF": (".tif", ".tiff"),
    "WEBP": (".webp",),
    "AVIF": (".avif",),
    "BMP": (".bmp",),
    "DIB": (".dib",),
    "GIF": (".gif",),
    "JPEG2000": (".jp2", ".j2k", ".j2c", ".jpc", ".jpf", ".jpx"),
    "PPM": (".ppm", ".pgm", ".pbm", ".pnm", ".pfm"),
    "DDS": (".dds",),
    "QOI": (".qoi",),
    "SGI": (".sgi",),
    "PCX": (".pcx",),
    "TGA": (".tga",),
}
"""Pillow's name of a format to its endings, in the order in which they are tried.

Left out on purpose: documents and films (PDF, EPS, WMF, MPEG), some of which start other programs, icons, and
scientific containers. TGA files carry no mark of their own and are known by their ending only.
"""
PICTURE_ENDINGS = frozenset(ending for endings in PICTURE_FORMATS.values() for ending in endings)
"""Endings that make a file a picture, in lower case."""

UNREAD_FORMATS = {
    "HEIC": (".heic", ".heif", ".heics", ".heifs", ".hif"),
    "JPEG XL": (".jxl",),
    "JPEG XR": (".jxr", ".wdp", ".hdp"),
    "JPEG 2000 of another kind": (".jpm", ".jph", ".jhc"),
    "OpenEXR": (".exr",),
    "Radiance HDR": (".hdr", ".rgbe"),
    "camera raw": (
        *(".3fr", ".arw", ".cr2", ".cr3", ".crw", ".dcr", ".dng", ".erf", ".gpr", ".iiq", ".kdc", ".mef"),
        *(".mos", ".mrw", ".nef", ".nrw", ".orf", ".pef", ".raf", ".raw", ".rw2", ".rwl", ".sr2", ".srf", ".srw"),
        ".x3f",
    ),
    "SVG": (".svg", ".svgz"),
    "Photoshop": (".psd", ".psb"),
    "GIMP": (".xcf",),
    "Krita": (".kra",),
    "NumPy": (".npy", ".npz"),
    "PAM": (".pam", ".xv"),
    "icon": (".ico", ".cur", ".icns"),
    "BPG": (".bpg",),
    "FLIF": (".flif",),
    "DPX or Cineon": (".dpx", ".cin"),
    "texture": (".ktx", ".ktx2", ".astc", ".basis", ".vtf", ".blp"),
    "FITS": (".fit", ".fits", ".fts"),
    "DICOM": (".dcm", ".dicom"),
    "NIfTI": (".nii",),
    "microscope": (".czi", ".lif", ".nd2", ".lsm", ".vsi", ".svs", ".ndpi", ".mrxs"),
    "Sun raster": (".ras",),
    "SGI of another name": (".rgb", ".rgba"),
    "X bitmap": (".xbm", ".xpm"),
}
"""Kinds of pictures that no reader here takes, and their endings: left out of folders, and said so."""
UNREAD_KINDS = {ending: kind for kind, endings in UNREAD_FORMATS.items() for ending in endings}
"""Their endings, in lower case, to the kind."""


def unread_kind(name: str) -> str | None:
    """Which kind of picture a file is by its ending, if it is one that is not read.

    Example:
        >>> unread_kind("photos/IMG_1.HEIC"), unread_kind("a.png"), unread_kind("notes.txt")
        ('HEIC', None, None)
    """
    return UNREAD_KINDS.get(PurePath(name).suffix.lower())
