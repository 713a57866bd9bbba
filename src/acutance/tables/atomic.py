"""Files that are written whole or not at all."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


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
