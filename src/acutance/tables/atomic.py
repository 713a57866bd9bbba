"""Files that are written whole or not at all."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from acutance.errors import ConfigError


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """A temporary file beside a path that takes its place when the block ends well, and goes when it does not.

    Args:
        path: The file to write; its folder is made.

    Raises:
        OSError: A place that cannot be written to.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "scores.json"
        >>> with atomic_write(path) as temporary:
        ...     _ = temporary.write_text("{}")
        >>> path.read_text(), [file.name for file in path.parent.iterdir()]
        ('{}', ['scores.json'])
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    thread = "" if threading.current_thread() is threading.main_thread() else threading.get_ident()
    temporary = path.with_name(f"{path.name}.{os.getpid()}{thread}.tmp")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        with suppress(OSError):
            temporary.unlink()


def write_text(path: Path, text: str) -> None:
    """Write a text file, whole or not at all.

    Args:
        path: Where to write; folders on the way are made.

    Raises:
        ConfigError: A place that cannot be written to, or a file name in the text that is not UTF-8.
    """
    try:
        content = text.encode()
    except UnicodeEncodeError as error:
        raise ConfigError(not_utf8(path, error)) from error
    try:
        with atomic_write(path) as temporary:
            temporary.write_bytes(content)
    except OSError as error:
        raise ConfigError(f"Expected to write {path}, got: {error.strerror or error}. Choose another place.") from error


def not_utf8(path: Path, error: UnicodeEncodeError) -> str:
    """The error for a file name that cannot be written in UTF-8, in one line of ASCII."""
    start, end = error.object.rfind("\n", 0, error.start) + 1, error.object.find("\n", error.end)
    line = error.object[start:] if end < 0 else error.object[start:end]
    return f"Expected file names in UTF-8 to write in {path}, got {line[:200]!a}. Rename the file."
