"""What one person said of one pair: the JSON files of DiffIQA and SRIQA-Bench."""

from pathlib import Path
from typing import Literal, get_args

from acutance.datasets.facts import DIFFIQA
from acutance.errors import DatasetError
from acutance.tables.read import read_json_object

Label = Literal["Positive", "Similar", "Negative"]
"""Better than the other picture, about equal, or worse."""
LABELS: tuple[Label, ...] = get_args(Label)
SOURCE = DIFFIQA.where
"""Where both datasets are offered."""


def label_of(path: Path, fields: dict[str, object], picture: str, dataset: str) -> Label:
    """The label of one picture in a file.

    Args:
        path: The file, for the error.
        fields: What stands in it.
        picture: Key of the picture, such as ``Picture_AI``.
        dataset: Name of the dataset, for the error.

    Raises:
        DatasetError: No such picture, or another word.
    """
    value = _inside(fields, picture, "Label")
    for label in LABELS:
        if value == label:
            return label
    raise DatasetError(
        f"Expected Positive, Similar or Negative as {picture}.Label of {dataset} in {path}, got {value!r}. "
        + _cure(dataset)
    )


def name_of(path: Path, fields: dict[str, object], picture: str, dataset: str) -> str:
    """The file name of one picture in a file.

    Args:
        path: The file, for the error.
        fields: What stands in it.
        picture: Key of the picture, such as ``Picture_01``.
        dataset: Name of the dataset, for the error.

    Raises:
        DatasetError: No such picture, or no name.
    """
    value = _inside(fields, picture, "Name")
    if not isinstance(value, str) or not value:
        raise DatasetError(
            f"Expected a file name as {picture}.Name of {dataset} in {path}, got {value!r}. {_cure(dataset)}"
        )
    return value


def read_label_file(path: Path, dataset: str) -> dict[str, object]:
    """The JSON object of a label file.

    Args:
        path: The file.
        dataset: Name of the dataset, for the error.

    Raises:
        DatasetError: A file that is missing or holds no JSON object.
    """
    return read_json_object(path, f"a label of {dataset}", _cure(dataset))


def folders_in(folder: Path, what: str, dataset: str) -> list[Path]:
    """The folders in a folder, sorted; hidden ones are passed over.

    Args:
        folder: Where to look.
        what: What each should be, for the error.
        dataset: Name of the dataset, for the error.

    Raises:
        DatasetError: No such folder, or none in it.
    """
    inside = sorted(path for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []
    found = [path for path in inside if not path.name.startswith(".")]
    if not found:
        got = "none" if folder.is_dir() else "no such folder"
        raise DatasetError(f"Expected folders of {what} of {dataset} in {folder}, got {got}. {_cure(dataset)}")
    return found


def _inside(fields: dict[str, object], picture: str, key: str) -> object:
    entry = fields.get(picture)
    return entry.get(key) if isinstance(entry, dict) else None


def _cure(dataset: str) -> str:
    return f"Get {dataset} whole from {SOURCE}."
