import csv
import io
import json
import math
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acutance.scoring.rows import ROW_FIELDS, TEXT_FIELDS
from acutance.tables.append import parse_csv as parse_csv_with
from acutance.tables.append import parse_json_lines, record_ends
from acutance.tables.write import Row, csv_line, json_line, write_parquet
from tests.raising import raises

NAMES = ["a, b.png", 'say "x".png', "two\nlines.png", "return\rhere.png", "ünï 图.png", "\u2028.png", "a: Infinity.png"]
HEADER = csv_line(ROW_FIELDS)


def parse_csv(lines: Iterable[str]) -> Iterator[Row]:
    return parse_csv_with(lines, TEXT_FIELDS)


def row(image: str = "a.png", score: float | None = 1.5) -> Row:
    return {
        "image": image,
        "reference": None,
        "model": "psnr",
        "score": score,
        "better": "higher",
        "depth": None,
        "error": None,
    }


@pytest.mark.parametrize("name", NAMES)
def test_any_name_comes_back_from_json_lines(name: str):
    text = json_line(row(name)) + json_line(row())
    assert list(parse_json_lines(io.StringIO(text, newline="\n"))) == [row(name), row()]
    assert json.loads(text.split("\n")[0])["image"] == name


@pytest.mark.parametrize("name", NAMES)
def test_any_name_comes_back_from_csv(name: str):
    text = HEADER + csv_line(list(row(name).values())) + csv_line(list(row().values()))
    assert list(parse_csv(io.StringIO(text, newline=""))) == [row(name), row()]
    assert [entry["image"] for entry in csv.DictReader(io.StringIO(text, newline=""))] == [name, "a.png"]


@given(st.floats(allow_nan=False))
def test_a_score_comes_back_to_the_last_bit(score: float):
    (read,) = parse_csv([HEADER, csv_line(list(row(score=score).values()))])
    assert read["score"] == score
    (read,) = parse_json_lines([json_line(row(score=score))])
    assert read["score"] == score


@pytest.mark.parametrize(("score", "note"), [(math.inf, "infinite"), (-math.inf, "-infinite"), (1.5, None)])
def test_an_infinite_score_is_null_in_json_and_the_note_behind_it_says_so(score: float, note: str | None):
    fields = read_strictly(json_line(row(score=score), always_noted=True))
    assert list(fields) == ["image", "reference", "model", "score", "note", "better", "depth", "error"]
    assert (fields["score"], fields["note"]) == (score if note is None else None, note)


def test_infinity_is_inf_in_csv():
    assert csv_line(list(row(score=math.inf).values())) == "a.png,,psnr,inf,higher,,\n"


def test_a_note_names_the_terms_that_are_infinite():
    terms: Row = {**row(score=math.inf), "part": -math.inf, "other": 2.0}
    line = json_line(terms)
    assert read_strictly(line)["note"] == "infinite, part -infinite"
    assert list(parse_json_lines([line])) == [terms]


def test_a_line_whose_fields_were_sorted_by_another_program_is_read():
    terms: Row = {**row(score=math.inf), "part": -math.inf, "a": math.inf}
    assert list(parse_json_lines([json.dumps(json.loads(json_line(terms)), sort_keys=True)])) == [terms]


def test_an_infinite_score_of_0_1_is_read():
    line = '{"image": "a.png", "reference": null, "model": "psnr", "score": -1e999, "error": null}\n'
    (read,) = parse_json_lines([line])
    assert read["score"] == -math.inf


def test_what_is_no_number_is_null_in_json_and_has_no_note():
    fields = read_strictly(json_line(row(score=math.nan), always_noted=True))
    assert (fields["score"], fields["note"]) == (None, None)


def read_strictly(line: str) -> dict[str, object]:
    fields: dict[str, object] = json.loads(line, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
    return fields


@pytest.mark.parametrize(
    ("text", "words"),
    [("a,,psnr\n", (3, 2, 7)), ("a,,psnr,much,higher,,\n", ("much",))],
)
def test_a_csv_line_that_is_no_row_is_an_error(text: str, words: tuple[object, ...]):
    with raises(ValueError, *words):
        list(parse_csv([HEADER, text]))


def test_a_json_line_that_is_no_object_is_an_error():
    with raises(ValueError, [1, 2]):
        list(parse_json_lines(["[1, 2]\n"]))


@pytest.mark.parametrize(
    ("text", "kind", "count", "end"),
    [
        (b"", "jsonl", 0, 0),
        (b'{"a": 1}\n{"b"', "jsonl", 1, 9),
        (b'{"a": "\\""}\n', "jsonl", 1, 12),
        (b"h\na\nb", "csv", 2, 4),
        (b'h\n"a\nb', "csv", 1, 2),
        (b'h\n"a\nb"\n', "csv", 2, 8),
        (b'h\n"a ""x""\nb"\nc\n', "csv", 3, 16),
        ("h\nü\n".encode()[:-2], "csv", 1, 2),
    ],
)
def test_a_record_that_was_cut_off_does_not_count(text: bytes, kind: str, count: int, end: int):
    ends = list(record_ends(io.BytesIO(text), is_csv=kind == "csv"))
    assert (len(ends), max(ends, default=0)) == (count, end)


def test_no_row_is_lost_between_the_groups_of_a_parquet_file(tmp_path: Path):
    parquet = pytest.importorskip("pyarrow.parquet")
    rows = [{"name": f"{index}", "score": index / 3, "count": index} for index in range(10)]
    write_parquet(tmp_path / "t.parquet", {"name": "text", "score": "number", "count": "whole"}, rows, group=3)
    table = parquet.read_table(tmp_path / "t.parquet")
    assert [str(field.type) for field in table.schema] == ["string", "double", "int64"]
    assert table.to_pylist() == rows
