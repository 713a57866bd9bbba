from dataclasses import dataclass
from pathlib import Path

import pytest

from acutance.errors import DatasetError, EvaluationError
from acutance.tables.read import Number, Whole, csv_lines, read_cells, read_json_object, read_rows, read_text
from tests.raising import raises


@dataclass(frozen=True)
class Rated:
    image: str
    mos: Number = None
    votes: Whole = None


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("t.csv", "\ufeffimage,other,mos,votes\na.png,x,1.5,3\n\nb.png,,,\n"),
        ("t.jsonl", '{"image": "a.png", "mos": "1.5", "votes": 3, "other": 1}\n\n{"image": "b.png", "mos": null}\n'),
        ("t.json", '[{"image": "a.png", "mos": 1.5, "votes": 3.0}, {"image": "b.png", "mos": ""}]'),
    ],
)
def test_rows_of_every_text_format_are_the_same(tmp_path: Path, name: str, text: str):
    assert list(read_rows(write(tmp_path / name, text), Rated)) == [Rated("a.png", 1.5, 3), Rated("b.png")]


def test_rows_of_parquet_are_the_same(tmp_path: Path):
    arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    parquet.write_table(arrow.table({"image": ["a.png", "b.png"], "mos": [1.5, None]}), tmp_path / "t.parquet")
    assert list(read_rows(tmp_path / "t.parquet", Rated)) == [Rated("a.png", 1.5), Rated("b.png")]


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("t.csv", "image,mos\na.png,1\nb.png,good\n", ("line 3", "mos", "good")),
        ("t.csv", "image,mos\na.png,nan\n", ("line 2", "mos", "nan")),
        ("t.csv", "image,mos\n,1\n", ("line 2", "image")),
        ("t.csv", 'image,mos\n"a\nb.png",x\n', ("line 3", "mos", "x")),
        ("t.csv", "image,mos\na.png,1,2\n", ("line 2", 2, 3)),
        ("t.csv", "image,mos,mos\na.png,1,2\n", ("mos",)),
        ("t.csv", 'image,mos\n"a.png,1\n', ("line 2",)),
        ("t.jsonl", '{"image": "a.png"}\n{"image": "b.png", "votes": 1.5}\n', ("line 2", "votes", 1.5)),
        ("t.jsonl", '{"image": "a.png"}\n{"image"\n', ("line 2",)),
        ("t.jsonl", '{"image": "a.png"}\n[1]\n', ("line 2", [1])),
        ("t.json", '[{"image": "a.png", "mos": true}]', ("item 1", "mos", True)),
        ("t.json", '[{"image": "a.png"}, 3]', ("item 2",)),
        ("t.json", '[\n{"image": }]', ("line 2",)),
        ("t.json", "[" * 200_000, ("line 1",)),
        ("t.parquet", "no parquet", ()),
    ],
)
def test_a_row_that_does_not_fit_names_file_place_column_and_value(
    tmp_path: Path, name: str, text: str, words: tuple[object, ...]
):
    with raises(EvaluationError, name, *words) as caught:
        list(read_rows(write(tmp_path / name, text), Rated, EvaluationError))
    assert "\n" not in str(caught.value)


def test_a_short_line_of_csv_has_empty_cells_unless_lines_are_exact(tmp_path: Path):
    path = write(tmp_path / "t.csv", "image,mos\na.png\n")
    assert list(read_rows(path, Rated)) == [Rated("a.png")]
    with raises(DatasetError, "t.csv", "line 2", 2, 1):
        list(read_rows(path, Rated, is_exact=True))


def test_an_infinite_number_of_json_lines_comes_back_from_its_note(tmp_path: Path):
    path = write(tmp_path / "t.jsonl", '{"image": "a.png", "score": null, "note": "-infinite"}\n')
    assert list(read_cells(path)) == [(1, {"image": "a.png", "score": float("-inf")})]


def test_lines_of_csv_are_told_as_they_stand_with_their_numbers(tmp_path: Path):
    path = write(tmp_path / "t.csv", ' a ;"b\nc"\n\nd\n')
    assert list(csv_lines(path, delimiter=";")) == [(2, [" a ", "b\nc"]), (3, []), (4, ["d"])]


def test_a_byte_order_mark_is_no_text(tmp_path: Path):
    (tmp_path / "a.txt").write_bytes(b"\xef\xbb\xbfa")
    assert read_text(tmp_path / "a.txt", "a list", "Get it.") == "a"


def test_a_missing_file_says_what_was_expected_and_the_cure(tmp_path: Path):
    with raises(DatasetError, "a.txt"):
        read_text(tmp_path / "a.txt", "a list", "Get it.")


def test_a_folder_is_no_file(tmp_path: Path):
    with raises(DatasetError, tmp_path):
        read_text(tmp_path, "a list", "Get it.")


def test_other_bytes_than_utf8_are_an_error(tmp_path: Path):
    (tmp_path / "a.txt").write_bytes(b"ab\xff")
    with raises(DatasetError, "a.txt", 2):
        read_text(tmp_path / "a.txt", "a list", "Get it.")


def test_a_fault_in_json_names_the_line(tmp_path: Path):
    (tmp_path / "a.json").write_text('{\n"a": }')
    with raises(DatasetError, "a.json", 2):
        read_json_object(tmp_path / "a.json", "a label", "Get it.")


def test_the_line_of_a_byte_that_is_no_utf8_is_named(tmp_path: Path):
    (tmp_path / "a.txt").write_bytes(b"\xef\xbb\xbfa\nb\xff")
    with raises(DatasetError, "a.txt", "line 2", "0xff", 6):
        read_text(tmp_path / "a.txt", "a list", "Get it.")
