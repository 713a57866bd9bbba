"""Small text files of the room: written whole or not at all, read with errors of one line."""

import json
from pathlib import Path

from acutance.datasets.faults import DatasetError
from acutance.errors import ConfigError
from acutance.whole_file import replacing


def write_whole(path: Path, text: str) -> None:
    """Write a text file, or leave what is there untouched.

    Args:
        path: Where to write; folders on the way are made.
        text: What to write, in UTF-8.

    Raises:
        ConfigError: A place that cannot be written to, or a file name in the text that is not UTF-8.
    """
    try:
        content = text.encode()
    except UnicodeEncodeError as error:
        raise ConfigError(not_utf8(path, error)) from error
    try:
        with replacing(path) as temporary:
            temporary.write_bytes(content)
    except OSError as error:
        raise ConfigError(f"Expected to write {path}, got: {error.strerror or error}. Choose another place.") from error


def not_utf8(path: Path, error: UnicodeEncodeError) -> str:
    """The error for a file name that cannot be written in UTF-8, in one line of ASCII.

    Args:
        path: The file that was to be written.
        error: What Python said.
    """
    start, end = error.object.rfind("\n", 0, error.start) + 1, error.object.find("\n", error.end)
    line = error.object[start:] if end < 0 else error.object[start:end]
    return f"Expected file names in UTF-8 to write in {path}, got {line[:200]!a}. Rename the file."


def read_text(path: Path, what: str, cure: str) -> str:
    """The text of a file, without a byte order mark.

    Args:
        path: File in UTF-8.
        what: What it should be, for the error, such as ``"the labels of DiffIQA"``.
        cure: What to do if it is not, such as where to get it.

    Raises:
        DatasetError: A file that is missing, unreadable or not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise DatasetError(f"Expected {what} at {path}, got no such file. {cure}") from error
    except UnicodeDecodeError as error:
        raise DatasetError(f"Expected {what} in UTF-8 at {path}, got other bytes at {error.start}. {cure}") from error
    except OSError as error:
        raise DatasetError(f"Expected {what} at {path}, got: {error.strerror or error}. {cure}") from error


def read_json_object(path: Path, what: str, cure: str) -> dict[str, object]:
    """The JSON object of a file.

    Args:
        path: File in UTF-8.
        what: What it should be, for the error.
        cure: What to do if it is not.

    Raises:
        DatasetError: A file that holds no JSON object, naming the line.
    """
    try:
        found = json.loads(read_text(path, what, cure))
    except json.JSONDecodeError as error:
        raise DatasetError(
            f"Expected {what} as JSON at {path}, line {error.lineno}, got: {error.msg}. {cure}"
        ) from error
    except RecursionError as error:
        raise DatasetError(
            f"Expected {what} as JSON at {path}, got lists too deep within one another. {cure}"
        ) from error
    if not isinstance(found, dict):
        raise DatasetError(f"Expected {what} as a JSON object at {path}, got a {type(found).__name__}. {cure}")
    return found
