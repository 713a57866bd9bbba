from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from acutance.datasets.annotations import csv_records, line_records, mat_arrays, sheet_records
from acutance.errors import DatasetError
from tests.fakes.datasets.files import write_mat, write_sheets
from tests.raising import raises


def test_text_columns_are_parted_by_blanks_or_separators_whatever_the_line_ends(tmp_path: Path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"\xef\xbb\xbfa.png,1.5\r\n\r\n  b.png\t2\n")
    records = list(line_records(path, ("name", "score")))
    assert [(record.text("name"), record.number("score"), record.line) for record in records] == [
        ("a.png", 1.5, 1),
        ("b.png", 2.0, 3),
    ]


def test_csv_columns_are_known_without_regard_to_case_and_blanks(tmp_path: Path):
    path = tmp_path / "a.csv"
    path.write_text(' name , mos ,,\n"a, b.png", 3 ,,\n,,,\n')
    records = list(csv_records(path, ("Name", "MOS")))
    assert [(record.text("Name"), record.number("MOS")) for record in records] == [("a, b.png", 3.0)]


def test_a_short_csv_line_has_empty_cells(tmp_path: Path):
    path = tmp_path / "a.csv"
    path.write_text("name,mos,std\na.png,3\n")
    record = next(csv_records(path, ("name", "mos")))
    assert record.number_or_none("std") is None
    assert record.number_or_none("no such column") is None


def test_a_whole_number_in_a_sheet_is_a_name_without_a_point(tmp_path: Path):
    write_sheets(tmp_path / "a.xlsx", {"one": [("image", "dmos"), (1600.0, 0.5), ("elk", "0.25")]})
    records = list(sheet_records(tmp_path / "a.xlsx", ("image", "dmos")))
    assert [(record.text("image"), record.number("dmos")) for record in records] == [("1600", 0.5), ("elk", 0.25)]


def test_the_header_of_a_sheet_is_found_below_a_title_and_in_any_sheet(tmp_path: Path):
    rows = [("title",), (), (None, "Image", "DMOS"), (None, "a", 0.5), (), (None, "b", 1)]
    write_sheets(tmp_path / "a.xlsx", {"readme": [("image",)], "scores": rows})
    records = list(sheet_records(tmp_path / "a.xlsx", ("image", "dmos")))
    assert [(record.line, record.text("image")) for record in records] == [(4, "a"), (6, "b")]


def test_a_sheet_without_the_columns_is_refused(tmp_path: Path):
    write_sheets(tmp_path / "a.xlsx", {"one": [("image", "score"), ("a", 1)]})
    with raises(DatasetError, "image", "dmos", "a.xlsx"):
        list(sheet_records(tmp_path / "a.xlsx", ("image", "dmos")))


def test_bytes_that_are_no_text_name_their_line(tmp_path: Path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"name,mos\na.png,1\n\xff,2\n")
    with raises(DatasetError, "a.csv", 3, "0xff"):
        list(csv_records(path, ("name",)))


@pytest.mark.parametrize(
    ("line", "fault"),
    [("x" * 200_000 + ",1", "field larger than field limit"), ('"a.png,1', "unexpected end of data")],
)
def test_a_csv_whose_quote_stays_open_or_whose_cell_is_too_long_names_its_line(tmp_path: Path, line: str, fault: str):
    path = tmp_path / "a.csv"
    path.write_text(f"name,mos\n{line}\n")
    with raises(DatasetError, "a.csv", 2, fault):
        list(csv_records(path, ("name",)))


def test_a_truth_value_is_no_number(tmp_path: Path):
    write_sheets(tmp_path / "a.xlsx", {"one": [("image", "dmos"), ("a", True)]})
    record = next(sheet_records(tmp_path / "a.xlsx", ("image", "dmos")))
    with raises(DatasetError, "a.xlsx", 2, "dmos", True):
        record.number("dmos")


def test_a_missing_matlab_variable_is_named(tmp_path: Path):
    write_mat(tmp_path / "a.mat", {"dmos": np.ones(3)})
    with raises(DatasetError, "dmos_new", "a.mat"):
        mat_arrays(tmp_path / "a.mat", ("dmos_new",))


@pytest.mark.parametrize(
    "content", [b"", b"no MATLAB file at all", b"MATLAB 7.3 MAT-file".ljust(128, b"\0") + bytes(9)]
)
def test_a_file_of_something_else_is_one_line(tmp_path: Path, content: bytes):
    (tmp_path / "a.mat").write_bytes(content)
    with raises(DatasetError, "a.mat") as caught:
        mat_arrays(tmp_path / "a.mat", ("dmos",))
    assert "\n" not in str(caught.value)
    (tmp_path / "a.xlsx").write_bytes(content)
    with raises(DatasetError, "a.xlsx") as caught:
        list(sheet_records(tmp_path / "a.xlsx", ("dmos",)))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("ending", [".mat", ".xlsx"])
def test_a_file_that_was_cut_off_anywhere_is_refused_by_name(tmp_path: Path, ending: str):
    path = tmp_path / f"a{ending}"
    if ending == ".mat":
        write_mat(path, {"names": np.array([["a.bmp", "b.bmp"]], dtype=object), "dmos": np.ones((1, 9))})
    else:
        write_sheets(path, {"one": [("names", "dmos"), ("a", 1.5), ("b", 2)]})
    whole = path.read_bytes()
    for cut in np.random.default_rng(0).integers(len(whole) - 1, size=40):
        path.write_bytes(whole[:cut])
        with raises(DatasetError, path):
            if ending == ".mat":
                mat_arrays(path, ("names", "dmos"))
            else:
                list(sheet_records(path, ("names", "dmos")))


def test_a_sheet_with_any_byte_changed_is_read_or_refused_and_nothing_else(tmp_path: Path):
    path = tmp_path / "a.xlsx"
    write_sheets(path, {"one": [("names", "dmos"), ("a", 1.5), ("b", 2)]})
    whole = path.read_bytes()
    chance = np.random.default_rng(0)
    for place, byte in zip(chance.integers(len(whole), size=150), chance.bytes(150), strict=True):
        path.write_bytes(whole[:place] + bytes([byte]) + whole[place + 1 :])
        with suppress(DatasetError):
            list(sheet_records(path, ("names", "dmos")))


def test_a_file_of_zeros_is_told_in_one_short_printable_line(tmp_path: Path):
    (tmp_path / "a.csv").write_bytes(bytes(50_000))
    with raises(DatasetError, "dmos", "a.csv", 1) as caught:
        list(csv_records(tmp_path / "a.csv", ("dmos",)))
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 160 + len(str(tmp_path))


def test_a_long_cell_is_cut(tmp_path: Path):
    (tmp_path / "a.csv").write_text("dmos\n" + "x" * 5000)
    (record,) = csv_records(tmp_path / "a.csv", ("dmos",))
    with raises(DatasetError, "x" * 76):
        record.number("dmos")
