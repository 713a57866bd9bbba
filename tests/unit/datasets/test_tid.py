from pathlib import Path

import pytest

from acutance.datasets.catalogue import read_dataset
from acutance.datasets.tid import TID_DISTORTIONS, parse_tid_name
from acutance.errors import DatasetError
from tests.raising import raises
from tests.unit.datasets.conftest import read_rows


def test_names_in_the_list_are_found_without_regard_to_case(fake):
    rows = read_rows("tid2013", fake("tid2013"))
    assert "distorted_images/i01_01_1.bmp" in rows
    assert rows["distorted_images/I25_24_5.BMP"].reference == "reference_images/i25.bmp"
    assert rows["distorted_images/I02_10_3.BMP"].reference == "reference_images/I02.BMP"


def test_kind_level_score_and_deviation_come_from_name_and_lists(fake):
    row = read_rows("tid2013", fake("tid2013"))["distorted_images/i01_10_2.bmp"]
    assert (row.distortion, row.level) == ("JPEG compression", 2)
    assert row.mos == pytest.approx(6 + 0.00714 * 6)
    assert row.mos_std == pytest.approx(0.136)
    assert row.num_votes is None


def test_where_two_files_differ_only_in_case_the_exact_name_is_taken(fake):
    root = fake("tid2008")
    (root / "distorted_images" / "I01_01_1.bmp").write_bytes(b"exact")
    assert "distorted_images/I01_01_1.bmp" in read_rows("tid2008", root)


def test_deviations_are_left_out_where_they_were_not_copied(fake):
    root = fake("tid2008")
    (root / "mos_std.txt").unlink()
    assert {row.mos_std for row in read_dataset("tid2008", root)} == {None}


def test_kinds_are_numbered_from_one_as_published():
    assert len(TID_DISTORTIONS) == 24
    assert parse_tid_name("i04_24_5.BMP") == ("Sparse sampling and reconstruction", 5)
    assert parse_tid_name("I04_17_1.bmp") == ("Contrast change", 1)
    assert parse_tid_name("I04_25_1.bmp") is None
    assert parse_tid_name("I04_00_1.bmp") is None


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("5.5", (2, "mos", "name", "mos_with_names.txt", 3, 1)),
        ("5.5 I01_01_1.bmp x", (2, "mos_with_names.txt", 3, 3)),
        ("five I01_01_1.bmp", ("mos_with_names.txt", 3, "mos", "five")),
        ("nan I01_01_1.bmp", ("mos_with_names.txt", 3, "mos", "nan")),
        ("5.5 I01_99_1.bmp", ("I01_01_1.bmp", 3, "I01_99_1.bmp")),
    ],
)
def test_a_damaged_list_names_file_line_and_column(fake, line: str, words: tuple[object, ...]):
    root: Path = fake("tid2013")
    path = root / "mos_with_names.txt"
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:2], line, *lines[3:]]))
    with raises(DatasetError, *words):
        read_dataset("tid2013", root)


def test_deviations_of_another_length_than_the_list_are_refused(fake):
    root = fake("tid2013")
    (root / "mos_std.txt").write_text("0.1\n0.2\n")
    with raises(DatasetError, 45, "mos_std.txt", "mos_with_names.txt", 2):
        read_dataset("tid2013", root)
