from pathlib import Path

import pytest

from acutance.errors import ConfigError
from acutance.tables.append import ResumableFile, differences, require_same
from acutance.tables.write import Row
from tests.raising import raises

ROWS: list[Row] = [{"name": f"{index},\n", "score": index / 3} for index in range(4)]


def resumable(path: Path) -> ResumableFile:
    return ResumableFile(path, ("name", "score"), "numbers", texts={"name"})


@pytest.fixture(params=["r.csv", "r.jsonl"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A file of three rows."""
    path = tmp_path / str(request.param)
    with resumable(path) as file:
        file.add(ROWS[:2])
        file.add(ROWS[2:3])
    return path


def test_rows_are_found_again_whatever_was_cut_off_after_them(path: Path):
    whole = path.read_bytes()
    path.write_bytes(whole + whole[-9:-2])
    file = resumable(path)
    assert file.find() == ("name", "score")
    assert (file.count, list(file.rows())) == (3, ROWS[:3])
    with file:
        file.add(ROWS[3:])
    assert (file.count, list(file.rows())) == (4, ROWS)
    assert path.read_bytes().startswith(whole)


def test_nothing_is_changed_before_the_file_is_opened(path: Path):
    path.write_bytes(path.read_bytes() + b"cut")
    before = path.read_bytes()
    resumable(path).find()
    assert path.read_bytes() == before


def test_rows_after_the_ones_to_keep_are_gone_at_once(path: Path):
    file = resumable(path)
    file.find()
    file.keep(1)
    assert (file.count, list(file.rows())) == (1, ROWS[:1])
    assert (resumable(path).find(), path.read_bytes().count(b"name")) == (("name", "score"), 1)


def test_a_new_file_has_no_columns_to_find(tmp_path: Path):
    assert resumable(tmp_path / "none.csv").find() == ()


def test_a_row_without_one_of_the_columns_is_refused(tmp_path: Path):
    with resumable(tmp_path / "r.jsonl") as file, pytest.raises(KeyError):
        file.add([{"name": "a"}])


def test_every_place_in_which_two_runs_differ_is_named():
    before = {"loop": {"rate": 1, "old": 2}, "models": ["a", "b"], "size": [1]}
    now = {"loop": {"rate": 3}, "models": ["a", "c"], "size": [1, 2]}
    assert [name for name, _ in differences(before, now)] == ["loop.rate", "loop.old", "models[1]", "size"]


def test_a_new_setting_that_is_off_is_no_difference_where_it_may_be():
    before, now = {"loop": {"rate": 1}}, {"loop": {"rate": 1, "new": None}, "other": 0}
    assert list(differences(before, now, new_off=True)) == []
    assert [name for name, _ in differences({"rate": 1}, {"rate": 1, "other": 0})] == ["other"]


def test_the_first_difference_of_a_run_to_be_continued_is_named():
    with raises(ConfigError, "runs/one", "seed", 1, 2):
        require_same({"rate": 1, "seed": 1}, {"rate": 1, "seed": 2}, Path("runs/one"))
