import json
from pathlib import Path

import pytest

from acutance.datasets.diffiqa import DIFFIQA, folders_in, read_labels
from acutance.errors import DatasetError
from tests.raising import raises


def write_label(folder: Path, fields: dict[str, object]) -> Path:
    path = folder / "label.json"
    path.write_text(json.dumps(fields))
    return path


def test_an_image_has_a_name_and_a_label(tmp_path: Path):
    path = write_label(tmp_path, {"Picture_01": {"Name": "a_SUPIRx4.png", "Label": "Negative"}})
    assert read_labels(path, ("Picture_01",), DIFFIQA) == [("a_SUPIRx4.png", "Negative")]


@pytest.mark.parametrize(
    "fields", [{}, {"Picture_01": None}, {"Picture_01": {}}, {"Picture_01": {"Name": "", "Label": ""}}]
)
def test_an_image_that_is_not_there_is_named_with_the_file_and_the_source(tmp_path: Path, fields: dict[str, object]):
    with raises(DatasetError, "Picture_01.Label", "DiffIQA", "label.json", DIFFIQA.where):
        read_labels(write_label(tmp_path, fields), ("Picture_01",), DIFFIQA)


def test_folders_come_sorted_without_files_and_hidden_ones(tmp_path: Path):
    for name in ("b", "a", ".cache"):
        (tmp_path / name).mkdir()
    (tmp_path / "readme.txt").touch()
    assert [path.name for path in folders_in(tmp_path, "people", DIFFIQA)] == ["a", "b"]


def test_a_folder_without_folders_is_an_error(tmp_path: Path):
    with raises(DatasetError, "DiffIQA"):
        folders_in(tmp_path, "people", DIFFIQA)
