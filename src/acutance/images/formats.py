"""Which files are images: formats that are read, formats that are known and not read, and the images below a folder."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from acutance.errors import InputError
from acutance.tables.text import some

IMAGE_FORMATS = {
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
IMAGE_ENDINGS = frozenset(ending for endings in IMAGE_FORMATS.values() for ending in endings)
"""Endings that make a file an image, in lower case."""

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
"""Kinds of images that no reader here takes, and their endings: left out of folders, and said so."""
UNREAD_KINDS = {ending: kind for kind, endings in UNREAD_FORMATS.items() for ending in endings}
"""Their endings, in lower case, to the kind."""
_BRANDS = {
    **dict.fromkeys((b"avif", b"avis"), "AVIF"),
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"), "HEIC"),
    **dict.fromkeys((b"mif1", b"msf1"), "HEIC"),  # of AVIF too, which names a brand of its own beside
    b"crx ": "camera raw",
}
"""What stands behind ``ftyp``, the surest first."""
_MARKS = {
    b"\xff\x0a": "JPEG XL",
    b"\x00\x00\x00\x0cJXL \r\n\x87\n": "JPEG XL",
    b"II\xbc\x01": "JPEG XR",
    b"\x76\x2f\x31\x01": "OpenEXR",
    b"#?RADIANCE": "Radiance HDR",
    b"#?RGBE": "Radiance HDR",
    **dict.fromkeys((b"FUJIFILMCCD-RAW", b"IIU\0", b"IIRO", b"IIRS", b"FOVb"), "camera raw"),
    b"8BPS": "Photoshop",
    b"gimp xcf": "GIMP",
    b"\x93NUMPY": "NumPy",
    b"P7": "PAM",
    b"BPG\xfb": "BPG",
    b"FLIF": "FLIF",
    b"SDPX": "DPX or Cineon",
    b"XPDS": "DPX or Cineon",
    b"SIMPLE  =": "FITS",
}
"""How files of some kinds begin."""


def unread_kind(name: str) -> str | None:
    """Kind of image that a file is by its ending, if that kind is not read.

    Example:
        >>> unread_kind("photos/IMG_1.HEIC"), unread_kind("a.png"), unread_kind("notes.txt")
        ('HEIC', None, None)
    """
    return UNREAD_KINDS.get(PurePath(name).suffix.lower())


def kinds_of(unread: Sequence[str]) -> str:
    """Counts of files by kind, the first ones by name.

    Args:
        unread: Images of kinds that are not read; what ends in a slash is a folder.

    Example:
        >>> kinds_of(["a.heic", "b.HEIC", "c.jxl"])
        '2 HEIC (a.heic, b.HEIC) and 1 JPEG XL (c.jxl)'
    """
    parts = [f"{len(names)} {kind} ({some(names)})" for kind, names in by_kind(unread).items()]
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def by_kind(unread: Sequence[str]) -> dict[str, list[str]]:
    """The names of images that are not read, by their kind."""
    kinds: dict[str, list[str]] = {}
    for name in unread:
        kind = "folder without the right to look into" if name.endswith("/") else unread_kind(name)
        kinds.setdefault(kind or "", []).append(name)
    return kinds


def unread_content(start: bytes) -> str | None:
    """Kind of image that a file is by its first bytes, 40 or so, if Pillow alone does not read that kind.

    Example:
        >>> unread_content(bytes.fromhex("0000001866747970") + b"heic"), unread_content(b"P6 1 1 255")
        ('HEIC', None)
    """
    if start[4:8] == b"ftyp":
        brands = [start[place : place + 4] for place in (8, *range(16, min(len(start), start[3]), 4))]
        return next((kind for brand, kind in _BRANDS.items() if brand in brands), None)
    if start[:4] == b"II*\0" and start[8:10] == b"CR":
        return "camera raw"
    return next((kind for mark, kind in _MARKS.items() if start.startswith(mark)), None)


@dataclass(frozen=True, kw_only=True, slots=True)
class FoundImages:
    """Images of a folder; every name is relative to it, with forward slashes, and sorted."""

    images: list[str]
    """Files with the ending of an image that is read."""
    ignored: list[str]
    """Files with the ending of no image."""
    unread: list[str]
    """Images of a kind that is not read, and folders that may not be looked into (these end in a slash)."""


def find_images(folder: Path) -> FoundImages:
    """The images below a folder, at any depth, those that cannot be read, and the files that are none.

    A file is an image by its ending (any case). Hidden files and folders, whose names begin with a dot, are
    in no list. Links are followed, except one that leads to a folder it lies in.

    Raises:
        InputError: If the folder does not exist, is a file or may not be read.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     for name in ("b.PNG", "a.jpg", "c.heic", "notes.txt", ".hidden.png"):
        ...         _ = Path(folder, name).write_bytes(b"")
        ...     find_images(Path(folder))
        FoundImages(images=['a.jpg', 'b.PNG'], ignored=['notes.txt'], unread=['c.heic'])
    """
    images: list[str] = []
    ignored: list[str] = []
    unread: list[str] = []

    def note_unreadable(error: OSError) -> None:
        unreadable = Path(error.filename)
        if unreadable == folder:
            raise InputError(f"Expected a folder of images, got {folder}: {error.strerror}.") from error
        unread.append(unreadable.relative_to(folder).as_posix() + "/")

    for place, subfolders, names in os.walk(folder, onerror=note_unreadable, followlinks=True):
        subfolders[:] = [name for name in subfolders if _is_worth_a_visit(Path(place, name))]
        for name in names:
            if not name.startswith("."):
                found = Path(place, name).relative_to(folder).as_posix()
                if PurePath(name).suffix.lower() in IMAGE_ENDINGS:
                    images.append(found)
                else:
                    (ignored if unread_kind(name) is None else unread).append(found)
    return FoundImages(images=sorted(images), ignored=sorted(ignored), unread=sorted(unread))


def _is_worth_a_visit(folder: Path) -> bool:
    """False for a hidden folder and for a link that would lead round in a circle."""
    if folder.name.startswith("."):
        return False
    return not (folder.is_symlink() and folder.parent.resolve().is_relative_to(folder.resolve()))
