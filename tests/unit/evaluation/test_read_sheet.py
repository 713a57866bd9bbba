import math
from pathlib import Path

import pytest

from acutance.errors import EvaluationError, UnknownNameError
from acutance.evaluation.score_files import NO_SCORE, asked_direction, read_sheet
from acutance.scoring.rows import ScoreFile, ScoreRow
from tests.raising import raises

DATA = Path(__file__).parents[2] / "data/files_of_0_1"
ROWS = [
    ScoreRow(image="a.png", reference="r.png", model="psnr", score=math.inf, terms={"part": 1.5}),
    ScoreRow(image="a.png", reference=None, model="niqe", score=4.5),
    ScoreRow(image='b, "c".png', reference="r.png", model="psnr", error="no such file"),
]


def line(
    model: str, image: str, reference: str | None, score: float | None, error: str | None = None, **fields
) -> ScoreRow:
    return ScoreRow(image=image, reference=reference, model=model, score=score, error=error, **fields)


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_what_score_wrote_is_read_in_every_format(tmp_path: Path, ending: str):
    with ScoreFile(tmp_path / f"s.{ending}", ("part",)) as file:
        file.write(ROWS)
        file.finish()
    sheet = read_sheet(file.path)
    assert sheet == {
        "psnr": [
            line("psnr", "a.png", "r.png", math.inf),
            line("psnr", 'b, "c".png', "r.png", None, "no such file"),
        ],
        "niqe": [line("niqe", "a.png", None, 4.5)],
    }
    assert [line.score for line in read_sheet(file.path, "part")["psnr"]] == [1.5, None]


def test_any_table_with_a_column_for_each_model_is_read(tmp_path: Path):
    path = write(tmp_path / "w.csv", "\ufeffimage,ours,reference,theirs\na.png,1e-3,r.png,nan\n\nb.png,-inf,,2\n")
    assert read_sheet(path) == {
        "ours": [line("ours", "a.png", "r.png", 0.001), line("ours", "b.png", None, -math.inf)],
        "theirs": [line("theirs", "a.png", "r.png", None, NO_SCORE), line("theirs", "b.png", None, 2.0)],
    }


def test_json_lines_may_have_a_key_for_each_model(tmp_path: Path):
    path = write(tmp_path / "w.jsonl", '{"image": "a.png", "ours": 1}\n\n{"image": "b.png", "theirs": 2.5}\n')
    assert [line.score for line in read_sheet(path)["ours"]] == [1.0, None]
    assert [line.score for line in read_sheet(path)["theirs"]] == [None, 2.5]


def test_a_note_gives_infinity_back_and_is_no_model(tmp_path: Path):
    text = '{"image": "a.png", "ours": null, "note": "ours -infinite"}\n{"image": "b.png", "ours": 2, "note": "seen"}\n'
    assert read_sheet(write(tmp_path / "w.jsonl", text)) == {
        "ours": [line("ours", "a.png", None, -math.inf), line("ours", "b.png", None, 2.0)]
    }


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_what_0_1_wrote_is_read(ending: str):
    lines = read_sheet(DATA / f"scores.{ending}")["psnr"]
    assert [line.score for line in lines] == [math.inf, 28.262697632129825, 22.39395057991186, None]
    assert lines[3].error is not None
    assert {line.better for line in lines} == {None}


def test_the_direction_of_a_model_is_read(tmp_path: Path):
    path = write(tmp_path / "s.csv", "image,model,score,better\na.png,ours,1,lower\nb.png,ours,2,\na.png,other,1,\n")
    sheet = read_sheet(path)
    assert asked_direction(path, "ours", sheet["ours"], {}) == "lower"
    assert asked_direction(path, "other", sheet["other"], {}) is None


def test_a_lone_column_of_scores_has_a_direction_too(tmp_path: Path):
    path = write(tmp_path / "ours.csv", "image,score,better\na.png,0.5,lower\n")
    assert read_sheet(path) == {"ours": [line("ours", "a.png", None, 0.5, better="lower")]}


def test_two_directions_of_one_model_are_an_error(tmp_path: Path):
    path = write(tmp_path / "s.csv", "image,model,score,better\na.png,ours,1,lower\nb.png,ours,2,higher\n")
    with raises(EvaluationError, "ours", path):
        asked_direction(path, "ours", read_sheet(path)["ours"], {})


def test_a_direction_that_is_none_is_an_error_that_names_the_line(tmp_path: Path):
    path = write(tmp_path / "s.csv", "image,model,score,better\na.png,ours,1,lower\nb.png,ours,2,down\n")
    with raises(EvaluationError, 3, "down"):
        read_sheet(path)


@pytest.mark.parametrize("name", ["depth", "better", "note", "error"])
@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_numbers_under_a_name_that_no_model_has_are_an_error_not_passed_over(tmp_path: Path, name: str, ending: str):
    table = f"image,ours,{name}\na.png,1,\nb.png,2,0.25\n"
    lines = f'{{"image": "a.png", "ours": 1}}\n\n{{"image": "b.png", "ours": 2, "{name}": 0.25}}\n'
    path = write(tmp_path / f"w.{ending}", table if ending == "csv" else lines)
    with raises(EvaluationError, name, path, 3, 0.25):
        read_sheet(path)
    assert read_sheet(write(path, path.read_text().replace("0.25", '"8 of 16"' if ending == "jsonl" else "text")))


def test_names_of_pictures_may_be_numbers(tmp_path: Path):
    path = write(tmp_path / "w.csv", "image,reference,ours\n1,2,0.5\n")
    assert read_sheet(path) == {"ours": [line("ours", "1", "2", 0.5)]}


def test_a_lone_column_of_scores_is_a_model_with_the_name_of_the_file(tmp_path: Path):
    path = write(tmp_path / "deepens.csv", "image,score\na.png,0.5\n")
    assert read_sheet(path) == {"deepens": [line("deepens", "a.png", None, 0.5)]}


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("s.csv", "image,ours\n", ("s.csv",)),
        ("s.csv", "file,ours\na,1\n", ("image", "s.csv", "file", "ours")),
        ("s.csv", "image,reference\na,b\n", ("s.csv", "image", "reference")),
        ("s.csv", "image,ours\na,good\n", ("s.csv", 2, "ours", "good")),
        ("s.csv", "image,ours\n,1\n", ("s.csv", 2)),
        ("s.csv", "image,ours\na,1,2\n", (2, "s.csv", 2, 3)),
        ("s.csv", "image,a,a\nx,1,2\n", ("s.csv", "a")),
        ("s.csv", "image,model,score\na,,1\n", ("s.csv", 2)),
        ("s.csv", 'image,ours\n"a,1\n', ("s.csv",)),
        ("s.jsonl", "[1]\n", ("s.jsonl", 1)),
        ("s.jsonl", '{"image": \n', ("s.jsonl",)),
        ("s.jsonl", '{"image": "a", "ours": true}\n', ("s.jsonl", 1, "ours", True)),
        ("s.jsonl", '{"image": "a", "ours": 1' + "0" * 400 + "}", ("s.jsonl", 1, "ours")),
        ("s.jsonl", "[" * 200_000, ("s.jsonl",)),
        ("s.parquet", "no parquet", ("s.parquet",)),
    ],
)
def test_a_file_that_holds_something_else_is_one_clear_line(
    tmp_path: Path, name: str, text: str, words: tuple[object, ...]
):
    with raises(EvaluationError, *words) as caught:
        read_sheet(write(tmp_path / name, text))
    assert "\n" not in str(caught.value)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path):
    (tmp_path / "s.csv").write_bytes(b"image,ours\n\xff,1\n")
    with raises(EvaluationError, "s.csv"):
        read_sheet(tmp_path / "s.csv")


def test_no_file_and_another_ending_are_refused(tmp_path: Path):
    with raises(EvaluationError, "s.csv"):
        read_sheet(tmp_path / "s.csv")
    with raises(UnknownNameError, ".xlsx"):
        read_sheet(tmp_path / "s.xlsx")


def test_a_term_that_the_file_does_not_tell_is_refused(tmp_path: Path):
    long = write(tmp_path / "long.csv", "image,model,score\na,afine,1\n")
    with raises(EvaluationError, "adaptive", "long.csv", "score", "acutance score --terms"):
        read_sheet(long, "adaptive")
    wide = write(tmp_path / "wide.csv", "image,afine\na,1\n")
    with raises(EvaluationError, "adaptive", "wide.csv", "acutance score --terms"):
        read_sheet(wide, "adaptive")
