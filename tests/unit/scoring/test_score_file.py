import json
import math
import sys
from collections.abc import Sequence
from pathlib import Path

import pyarrow.json
import pyarrow.parquet
import pytest

from acutance.errors import ConfigError, MissingExtraError, UnknownNameError
from acutance.extras import install_command
from acutance.scoring.rows import EARLIER_ROW_FIELDS, ROW_FIELDS, ScoreFile, ScoreRow
from tests.raising import raises

ENDINGS = ["csv", "jsonl", "parquet"]


def row(index: int) -> ScoreRow:
    return ScoreRow(image=f"ü, {index}\n.png", reference=None, model="psnr", score=index / 3, terms={"part": 0.25})


def write(path: Path, rows: Sequence[ScoreRow], *, resume: bool = False, finish: bool = True) -> None:
    with ScoreFile(path, ["part"], resume=resume) as file:
        for entry in rows:
            file.write([entry])
        if finish:
            file.finish()


def rows_path(path: Path) -> Path:
    return path if path.suffix != ".parquet" else path.with_name(path.name + ".partial.jsonl")


@pytest.mark.parametrize("ending", ENDINGS)
def test_rows_are_in_the_file_as_soon_as_they_are_written(tmp_path: Path, ending: str):
    path = tmp_path / f"new folder/scores.{ending}"
    with ScoreFile(path) as file:
        file.write([row(0)])
        assert rows_path(path).read_text().count("psnr") == 1
        file.write([row(1), row(2)])
        assert rows_path(path).read_text().count("psnr") == 3


def test_a_csv_file_has_a_header_even_without_rows(tmp_path: Path):
    write(tmp_path / "scores.csv", [])
    assert (tmp_path / "scores.csv").read_text() == "image,reference,model,score,better,depth,error,part\n"


def test_a_parquet_file_has_numbers_text_and_nothing_beside_it(tmp_path: Path):
    failed = ScoreRow(image="b.png", reference="t.png", model="psnr", error="Expected better.")
    write(tmp_path / "scores.parquet", [row(1), failed])
    table = pyarrow.parquet.read_table(tmp_path / "scores.parquet")
    assert [str(field.type) for field in table.schema] == ["string"] * 3 + ["double"] + ["string"] * 3 + ["double"]
    assert table.to_pylist() == [row(1).as_dict(("part",)), failed.as_dict(("part",))]
    assert [path.name for path in tmp_path.iterdir()] == ["scores.parquet"]


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("kept", [0, 1, 3])
@pytest.mark.parametrize("cut", [0, 1, 9, 20])
def test_a_file_that_was_cut_off_continues_to_the_same_bytes(tmp_path: Path, ending: str, kept: int, cut: int):
    whole, broken = tmp_path / f"whole.{ending}", tmp_path / f"broken.{ending}"
    rows = [row(index) for index in range(4)]
    write(whole, rows)
    write(broken, rows[: kept + 1], finish=False)
    remains = rows_path(broken)
    remains.write_bytes(remains.read_bytes()[: -cut or None])
    there = kept if cut else kept + 1
    file = ScoreFile(broken, ["part"], resume=True)
    assert file.count == there
    with file:
        assert [entry["score"] for entry in file.rows()] == [entry.score for entry in rows[:there]]
        file.write(rows[there:])
        file.finish()
    assert broken.read_bytes() == whole.read_bytes()


def test_a_file_that_was_cut_off_at_any_byte_continues(tmp_path: Path):
    write(tmp_path / "whole.csv", [row(0), row(1)])
    whole = (tmp_path / "whole.csv").read_bytes()
    for length in range(len(whole)):
        broken = tmp_path / "broken.csv"
        broken.write_bytes(whole[:length])
        with ScoreFile(broken, ["part"], resume=True) as file:
            file.write([row(0), row(1)][file.count :])
            file.finish()
        assert broken.read_bytes() == whole


@pytest.mark.parametrize("ending", ENDINGS)
def test_continuing_a_finished_file_changes_nothing(tmp_path: Path, ending: str):
    path = tmp_path / f"scores.{ending}"
    write(path, [row(0), row(1)])
    before = path.read_bytes()
    file = ScoreFile(path, ["part"], resume=True)
    assert [entry["score"] for entry in file.rows()] == [0, 1 / 3]
    with file:
        assert len(list(file.rows())) == 2
        file.write([])
        file.finish()
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_finished_parquet_file_can_grow(tmp_path: Path):
    path = tmp_path / "scores.parquet"
    write(path, [row(0)])
    write(path, [row(1)], resume=True)
    assert pyarrow.parquet.read_table(path)["score"].to_pylist() == [0, 1 / 3]


@pytest.mark.parametrize("ending", ENDINGS)
def test_continuing_without_a_file_begins_one(tmp_path: Path, ending: str):
    path = tmp_path / f"scores.{ending}"
    write(path, [row(0)], resume=True)
    assert ScoreFile(path, ["part"], resume=True).count == 1


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_file_that_is_there_is_never_replaced_unasked(tmp_path: Path, ending: str):
    path = tmp_path / f"scores.{ending}"
    write(path, [row(0)])
    with raises(ConfigError, "--resume", "--overwrite"):
        ScoreFile(path)
    with ScoreFile(path, ["part"], overwrite=True) as file:
        file.write([row(3)])
        file.finish()
    assert ScoreFile(path, ["part"], resume=True).count == 1


def test_the_rows_of_an_unfinished_parquet_file_are_not_replaced_unasked(tmp_path: Path):
    write(tmp_path / "scores.parquet", [row(0)], finish=False)
    with raises(ConfigError, "scores.parquet"):
        ScoreFile(tmp_path / "scores.parquet")


@pytest.mark.parametrize("options", [{"resume": True}, {"overwrite": True}])
def test_nothing_is_touched_before_the_file_is_opened(tmp_path: Path, options: dict[str, bool]):
    for ending in ENDINGS:
        path = tmp_path / f"scores.{ending}"
        write(path, [row(0)])
        before = path.read_bytes()
        ScoreFile(path, ["part"], **options)
        assert path.read_bytes() == before


@pytest.mark.parametrize("ending", ENDINGS)
def test_other_columns_are_an_error(tmp_path: Path, ending: str):
    path = tmp_path / f"scores.{ending}"
    write(path, [row(0)])
    with raises(ConfigError, "error", "error", "part"):
        ScoreFile(path, resume=True)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.jsonl", b'{"image": \n', ("a.jsonl", 2)),
        ("a.jsonl", b"[1]\n", ("a.jsonl", [1])),
        ("a.csv", b"\xff\n1\n", ("a.csv", "UTF-8")),
        ("a.parquet", b"PAR1", ("a.parquet",)),
    ],
)
def test_a_file_of_something_else_is_not_continued(
    tmp_path: Path, name: str, content: bytes, words: tuple[object, ...]
):
    (tmp_path / name).write_bytes(content)
    with raises(ConfigError, *words):
        ScoreFile(tmp_path / name, resume=True)
    assert (tmp_path / name).read_bytes() == content


def test_a_damaged_row_is_an_error_that_names_the_file(tmp_path: Path):
    (tmp_path / "a.csv").write_text("image,reference,model,score,better,depth,error\na.png,,psnr,much,higher,,\n")
    with raises(ConfigError, tmp_path / "a.csv", "much"):
        list(ScoreFile(tmp_path / "a.csv", resume=True).rows())


def test_the_columns_are_frozen():
    assert ROW_FIELDS == ("image", "reference", "model", "score", "better", "depth", "error")
    assert EARLIER_ROW_FIELDS == (("image", "reference", "model", "score", "error"),)


@pytest.mark.parametrize("ending", ENDINGS)
def test_an_infinite_score_comes_back_from_every_file(tmp_path: Path, ending: str):
    path = tmp_path / f"scores.{ending}"
    infinite = ScoreRow(image="a.png", reference=None, model="psnr", score=math.inf, terms={"part": -math.inf})
    write(path, [infinite, row(0)])
    (first, _) = ScoreFile(path, ["part"], resume=True).rows()
    assert (first["score"], first["part"]) == (math.inf, -math.inf)


def test_a_parquet_file_keeps_infinity_and_has_no_note(tmp_path: Path):
    write(tmp_path / "s.parquet", [ScoreRow(image="a.png", reference=None, model="psnr", score=math.inf)])
    table = pyarrow.parquet.read_table(tmp_path / "s.parquet")
    assert table["score"].to_pylist() == [math.inf]
    assert table.column_names == [*ROW_FIELDS, "part"]


def test_arrow_reads_json_lines_with_infinite_scores_as_numbers(tmp_path: Path):
    path = tmp_path / "s.jsonl"
    infinite = ScoreRow(image="a.png", reference=None, model="psnr", score=math.inf, better="higher")
    write(path, [row(1), infinite, row(2)])
    table = pyarrow.json.read_json(path)
    assert str(table.schema.field("score").type) == "double"
    assert table["score"].to_pylist() == [1 / 3, None, 2 / 3]
    assert table["note"].to_pylist() == [None, "infinite", None]


def test_every_json_line_has_the_same_fields(tmp_path: Path):
    path = tmp_path / "s.jsonl"
    failed = ScoreRow(image="b.png", reference=None, model="psnr", error="Expected better.")
    write(path, [row(1), failed, ScoreRow(image="a.png", reference=None, model="psnr", score=math.inf)])
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert {tuple(line) for line in lines} == {
        ("image", "reference", "model", "score", "note", "better", "depth", "error", "part")
    }
    assert [line["note"] for line in lines] == [None, None, "infinite"]


def test_another_ending_is_an_error(tmp_path: Path):
    with raises(UnknownNameError, ".cvs", ".csv"):
        ScoreFile(tmp_path / "scores.cvs")


def test_a_folder_is_no_file_of_scores(tmp_path: Path):
    (tmp_path / "scores.csv").mkdir()
    with raises(ConfigError, "scores.csv"):
        ScoreFile(tmp_path / "scores.csv", overwrite=True)


def test_a_place_that_cannot_be_written_is_an_error(tmp_path: Path):
    (tmp_path / "file").touch()
    with (
        raises(ConfigError, "scores.csv"),
        ScoreFile(tmp_path / "file/scores.csv"),
    ):
        pytest.fail("there is no such folder")


def test_parquet_without_its_package_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with raises(MissingExtraError, "pyarrow", install_command("parquet")):
        ScoreFile(tmp_path / "scores.parquet")
