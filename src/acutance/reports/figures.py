"""Figures as files and as text: the same figure gives the same bytes, and a file is written whole or not at all."""

import warnings
from io import BytesIO
from pathlib import Path

from acutance.errors import ConfigError, UnknownNameError
from acutance.reports.canvas import Figure, house_style
from acutance.tables.atomic import atomic_write

FIGURE_ENDINGS = (".pdf", ".png", ".svg")
DPI = 300
"""Dots an inch of a picture: what printers of journals ask for."""
LARGEST_PICTURE = 65_535
"""Dots a side that matplotlib can draw."""
METADATA: dict[str, dict[str, str | None]] = {
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}
"""No dates and versions, which would make equal figures differ."""


def demand_figure_place(path: Path, *, overwrite: bool = False) -> None:
    """Raise where a figure cannot be written, before anything is computed.

    Args:
        path: The file to write.
        overwrite: Whether one that is there may be replaced.

    Raises:
        UnknownNameError: Another ending than .png, .pdf or .svg.
        ConfigError: A file that is there, or a folder.
    """
    ending = path.suffix.lower()
    if ending not in FIGURE_ENDINGS:
        raise UnknownNameError("file ending", ending or path.name, FIGURE_ENDINGS)
    if path.is_dir() or (path.exists() and not overwrite):
        raise ConfigError(f"Expected no file at {path}, got one. Name another, or replace it with --overwrite.")


def save_figure(figure: Figure, path: Path, dpi: int = DPI, *, overwrite: bool = False) -> None:
    """Write a figure; the ending of its name chooses PNG, PDF or SVG.

    Args:
        figure: What to write.
        path: The file; its folder is made.
        dpi: Dots an inch of a PNG, and of the pixels inside a PDF or SVG.
        overwrite: Whether a file that is there may be replaced.

    Raises:
        UnknownNameError: Another ending.
        ConfigError: A file that is there, a folder, a resolution out of range, or a place that cannot be written to.

    Example:
        >>> import tempfile
        >>> from acutance.reports.canvas import panel_grid
        >>> path = Path(tempfile.mkdtemp()) / "empty.png"
        >>> save_figure(panel_grid(1, 3, 2)[0], path, dpi=50)
        >>> path.read_bytes()[1:4]
        b'PNG'
    """
    demand_figure_place(path, overwrite=overwrite)
    content = _content(figure, path.suffix.lower()[1:], dpi)
    try:
        with atomic_write(path) as temporary:
            temporary.write_bytes(content)
    except OSError as error:
        raise ConfigError(f"Expected to write a figure to {path}, got: {error.strerror or error}.") from error


def figure_png(figure: Figure, dpi: int = DPI) -> bytes:
    """A figure as the bytes of a PNG picture.

    Args:
        figure: What to draw.
        dpi: Dots an inch.

    Raises:
        ConfigError: A resolution that is out of range or gives a picture too large to draw.
    """
    return _content(figure, "png", dpi)


def figure_svg(figure: Figure) -> str:
    """A figure as an SVG element, for a page; letters are shapes, so that it looks the same everywhere.

    Args:
        figure: What to draw.
    """
    text = _content(figure, "svg", DPI).decode("utf-8")
    return text[text.index("<svg") :]


@house_style()
def _content(figure: Figure, kind: str, dpi: int) -> bytes:
    if not 1 <= dpi <= LARGEST_PICTURE or max(figure.get_size_inches()) * dpi > LARGEST_PICTURE:
        width, height = figure.get_size_inches()
        raise ConfigError(
            f"Expected a resolution from 1 up to {int(LARGEST_PICTURE / max(width, height))} dots an inch "
            f"for a figure of {width:.1f} x {height:.1f} inches, got {dpi}. Choose another --dpi."
        )
    file = BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")  # drawn as a box
        figure.savefig(file, format=kind, dpi=dpi, metadata=METADATA[kind])
    return file.getvalue()
