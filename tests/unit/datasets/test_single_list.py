from pathlib import Path

import pytest

from acutance.datasets.catalogue import read_dataset
from acutance.errors import DatasetError
from tests.fakes.datasets.alone import write_agiqa3k, write_bid, write_spaq
from tests.fakes.datasets.files import write_sheets
from tests.raising import raises
from tests.unit.datasets.conftest import read_rows


def test_bid_finds_pictures_by_number_and_passes_over_remarks(fake):
    rows = read_rows("bid", fake("bid"))
    assert {name: row.mos for name, row in rows.items()} == {
        "DatabaseImage0001.JPG": 0.25,
        "DatabaseImage0002.JPG": 2.75,
        "DatabaseImage0010.JPG": 3.0,
        "DatabaseImage0586.JPG": 4.5,
    }


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ((1.5, 3), ("DatabaseGrades.xlsx", 2, "number", 1.5)),
        ((1, "good"), ("DatabaseGrades.xlsx", 2, "grade", "good")),
        ((1, None), ("DatabaseGrades.xlsx", 2, "grade")),
    ],
)
def test_damaged_grades_of_bid_name_file_row_and_column(
    tmp_path: Path, row: tuple[object, ...], words: tuple[object, ...]
):
    write_bid(tmp_path)
    write_sheets(tmp_path / "DatabaseGrades.xlsx", {"Grades": [("number", "grade"), row]})
    with raises(DatasetError, *words):
        read_dataset("bid", tmp_path)


def test_an_empty_sheet_of_bid_is_refused(tmp_path: Path):
    write_sheets(tmp_path / "DatabaseGrades.xlsx", {"Grades": []})
    with raises(DatasetError, "DatabaseGrades.xlsx"):
        read_dataset("bid", tmp_path)


@pytest.mark.parametrize("labels", ["xlsx", "csv"])
def test_spaq_is_read_from_excel_or_csv(tmp_path: Path, labels: str):
    write_spaq(tmp_path, labels=labels)
    rows = read_rows("spaq", tmp_path)
    assert {name: row.mos for name, row in rows.items()} == {
        "TestImage/00001.jpg": 50.5,
        "TestImage/00003.jpg": 30.0,
        "TestImage/11125.jpg": 71.0,
    }


@pytest.mark.parametrize("place", ["AGIQA-3K", ".", "images/deep"])
def test_agiqa_pictures_may_lie_beside_the_list_or_below(tmp_path: Path, place: str):
    write_agiqa3k(tmp_path, place=place)
    rows = read_rows("agiqa3k", tmp_path)
    name = "midjourney_normal_279.jpg"
    row = rows[name if place == "." else f"{place}/{name}"]
    assert (row.mos, row.mos_std, row.num_votes, row.distortion) == (3.5, 0.2232701, 21, "midjourney_normal")
