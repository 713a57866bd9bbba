from pathlib import Path

import pytest

from acutance.datasets.diffiqa import folders_in, label_of, name_of
from acutance.errors import DatasetError
from tests.raising import raises

HERE = Path("label.json")


def test_a_picture_has_a_name_and_a_label():
    fields: dict[str, object] = {"Picture_01": {"Name": "a_SUPIRx4.png", "Label": "Negative"}}
    assert label_of(HERE, fields, "Picture_01", "SRIQA-Bench") == "Negative"
    assert name_of(HERE, fields, "Picture_01", "SRIQA-Bench") == "a_SUPIRx4.png"


@pytest.mark.parametrize(
    "fields", [{}, {"Picture_01": None}, {"Picture_01": {}}, {"Picture_01": {"Name": "", "Label": ""}}]
)
def test_a_picture_that_is_not_there_is_named_with_the_file_and_the_source(fields: dict[str, object]):
    with raises(DatasetError, "Picture_01.Label", "SRIQA-Bench", "label.json"):
        label_of(HERE, fields, "Picture_01", "SRIQA-Bench")
    with raises(DatasetError, "Picture_01.Name", "SRIQA-Bench", "label.json"):
        name_of(HERE, fields, "Picture_01", "SRIQA-Bench")


def test_folders_come_sorted_without_files_and_hidden_ones(tmp_path: Path):
    for name in ("b", "a", ".cache"):
        (tmp_path / name).mkdir()
    (tmp_path / "readme.txt").touch()
    assert [path.name for path in folders_in(tmp_path, "people", "SRIQA-Bench")] == ["a", "b"]


def test_a_folder_without_folders_is_an_error(tmp_path: Path):
    with raises(DatasetError, "SRIQA-Bench"):
        folders_in(tmp_path, "people", "SRIQA-Bench")
