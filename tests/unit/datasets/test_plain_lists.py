"""Lists of lines name,score, as AHIQ's training and test take them."""

from pathlib import Path

import pytest

from acutance.datasets.lists import joined, moved, read_plain_list, with_references
from acutance.errors import ConfigError, DatasetError
from tests.fakes.datasets.files import write_images, write_lines
from tests.raising import raises

NAMES = ("A0001_00_00.bmp", "A0001_00_01.bmp", "A0002_00_00.bmp")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_images(tmp_path / "Train_Dis", NAMES)
    write_images(tmp_path / "Train_Ref", ["A0001.bmp", "A0002.bmp"])
    write_lines(tmp_path / "PIPAL.txt", [f"{name},{1400 + place}.5" for place, name in enumerate(NAMES)])
    return tmp_path


def test_lines_are_names_and_scores(root: Path):
    table = read_plain_list(root / "PIPAL.txt", root / "Train_Dis")
    assert [(row.image, row.mos, row.better) for row in table] == [
        (name, 1400.5 + place, "higher") for place, name in enumerate(NAMES)
    ]


def test_the_last_line_needs_no_line_feed_and_keeps_its_last_digit(tmp_path: Path):
    (tmp_path / "list.txt").write_text("a, b.bmp,0.25\r\n\nc.bmp,0.513")
    assert [(row.image, row.mos) for row in read_plain_list(tmp_path / "list.txt")] == [
        ("a, b.bmp", 0.25),
        ("c.bmp", 0.513),
    ]


def test_references_are_those_whose_first_five_letters_agree(root: Path):
    table = with_references(read_plain_list(root / "PIPAL.txt", root / "Train_Dis"), root / "Train_Ref")
    assert [(row.image, row.reference, row.scene) for row in table] == [
        (f"Train_Dis/{name}", f"Train_Ref/{name[:5]}.bmp", f"Train_Ref/{name[:5]}.bmp") for name in NAMES
    ]
    assert all(table.path(row.image).is_file() and table.path(str(row.reference)).is_file() for row in table)


def test_paths_start_from_another_folder(root: Path):
    paired = with_references(read_plain_list(root / "PIPAL.txt", root / "Train_Dis"), root / "Train_Ref")
    elsewhere = moved(paired, root / "tables")
    assert elsewhere.rows[0].image == "../Train_Dis/A0001_00_00.bmp"
    assert elsewhere.rows[0].reference == "../Train_Ref/A0001.bmp"
    assert len(joined([paired, paired])) == 6


@pytest.mark.parametrize(("line", "named"), [("a.bmp", "a.bmp"), ("a.bmp,high", "high"), (",3", ",3")])
def test_a_damaged_line_is_named(root: Path, line: str, named: str):
    write_lines(root / "bad.txt", ["b.bmp,1", line])
    with raises(DatasetError, "bad.txt", 2) as caught:
        read_plain_list(root / "bad.txt")
    assert named in str(caught.value)


def test_a_missing_or_double_reference_and_a_wrong_rule_are_errors(root: Path):
    table = read_plain_list(root / "PIPAL.txt", root / "Train_Dis")
    with raises(DatasetError, "A0001_00_00.bmp", "Train_Ref", 2):
        with_references(table, root / "Train_Ref", "^(A)")
    (root / "Train_Ref/A0002.bmp").unlink()
    with raises(DatasetError, "A0002_00_00.bmp", 0):
        with_references(table, root / "Train_Ref")
    with raises(ConfigError, "(A)(0)"):
        with_references(table, root / "Train_Ref", "(A)(0)")
    with raises(DatasetError, "nowhere"):
        with_references(table, root / "nowhere")
