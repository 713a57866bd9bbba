"""The picture formats that are read, and the endings of their files."""

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
