import json
from pathlib import Path

import pytest

from acutance.errors import ConfigError
from acutance.scoring.pairing import Pair
from acutance.scoring.provenance import READING_OF_0_1, provenance_path
from acutance.scoring.rows import ScoreFile, ScoreRow
from acutance.scoring.run import open_score_file
from tests.raising import raises
from tests.unit.scoring.fakes import Brightness, Distance, black, noise, pair_of, picture, plan_of, rows_into

PAIRS = [pair_of(index) for index in range(70)]
PAIRS[3] = Pair(picture("dark", black()), picture("truth", noise(9)))


def scored(path: Path, *, stop: int | None = None, resume: bool = False, pairs: list[Pair] = PAIRS) -> list[ScoreRow]:
    models = Distance("one"), Brightness("two")
    file = open_score_file(plan_of(pairs, *models), path, term_names=["brightness"], resume=resume)
    rows = rows_into(file, pairs, *models)
    if stop is None:
        return list(rows)
    some = [row for row, _ in zip(rows, range(stop), strict=False)]
    rows.close()  # type: ignore[attr-defined]
    return some


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
@pytest.mark.parametrize("stop", [1, 7, 8, 131])
def test_a_run_that_broke_off_continues_to_the_same_file_and_rows(tmp_path: Path, ending: str, stop: int):
    whole, broken = tmp_path / f"whole.{ending}", tmp_path / f"broken.{ending}"
    rows = scored(whole)
    scored(broken, stop=stop)
    assert scored(broken, resume=True) == rows
    assert broken.read_bytes() == whole.read_bytes()


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_continuing_a_finished_run_gives_its_rows_and_changes_nothing(tmp_path: Path, ending: str):
    path = tmp_path / f"scores.{ending}"
    rows = scored(path)
    before = path.read_bytes()
    assert scored(path, resume=True) == rows
    assert path.read_bytes() == before


def test_a_run_cut_between_two_models_of_a_picture_continues(tmp_path: Path):
    whole, broken = tmp_path / "whole.csv", tmp_path / "broken.csv"
    scored(whole)
    scored(broken, stop=20)
    lines = broken.read_text().splitlines(keepends=True)
    broken.write_text("".join(lines[: 1 + 9]))
    scored(broken, resume=True)
    assert broken.read_bytes() == whole.read_bytes()


def test_the_rows_of_other_pictures_are_not_continued(tmp_path: Path):
    path = tmp_path / "scores.csv"
    scored(path, stop=5)
    with raises(ConfigError, "scores.csv", "pairs", "sha256"):
        scored(path, resume=True, pairs=PAIRS[::-1])


def test_the_rows_of_other_models_are_not_continued(tmp_path: Path):
    path = tmp_path / "scores.csv"
    scored(path, stop=5)
    plan = plan_of(PAIRS, Distance("one"), Brightness("three"))
    with raises(ConfigError, 2, "scores.csv", 0, "two"):
        open_score_file(plan, path, term_names=["brightness"], resume=True)


def test_the_rows_of_another_device_are_not_continued(tmp_path: Path):
    path = tmp_path / "scores.csv"
    scored(path, stop=5)
    before = path.read_bytes()
    file = ScoreFile(path, ["brightness"], resume=True)
    with raises(ConfigError, "device", "cpu", "cuda"):
        next(rows_into(file, PAIRS, Distance("one", device="cuda"), Brightness("two")))
    assert path.read_bytes() == before


def test_the_provenance_of_a_run_begun_by_0_1_keeps_how_its_first_rows_were_read(tmp_path: Path):
    path = tmp_path / "scores.csv"
    scored(path, stop=5)
    count = ScoreFile(path, ["brightness"], resume=True).count
    beside = provenance_path(path)
    began = json.loads(beside.read_text())
    old = began["reading"] | READING_OF_0_1
    beside.write_text(json.dumps(began | {"reading": old}))
    for _ in range(2):  # a finished run that is resumed keeps it too
        scored(path, resume=True)
        told = json.loads(beside.read_text())
        assert (told["earlier_rows"]["count"], told["earlier_rows"]["reading"]) == (count, old)
        assert told["reading"] == began["reading"]
