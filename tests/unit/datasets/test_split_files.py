import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acutance.datasets.splits import read_split, split_table, write_split
from acutance.errors import DatasetError
from tests.raising import raises
from tests.unit.datasets.tables import full_reference, pictures


@pytest.fixture
def written(tmp_path: Path) -> Path:
    path = tmp_path / "deep" / "split.json"
    write_split(path, split_table(full_reference(10, 2), "afine", seed=3))
    return path


def change(path: Path, **fields: object) -> Path:
    path.write_text(json.dumps({**json.loads(path.read_text()), **fields}))
    return path


@settings(deadline=None)
@given(st.integers(10, 40), st.integers(0, 2**32 - 1))
def test_a_split_comes_back_as_it_was_written(tmp_path_factory: pytest.TempPathFactory, count: int, seed: int):
    path = tmp_path_factory.mktemp("splits") / "split.json"
    table = pictures(count)
    split = split_table(table, "vtamiq", seed=seed)
    write_split(path, split)
    assert read_split(path, table) == split


def test_a_file_tells_how_it_was_made(written: Path):
    fields = json.loads(written.read_text())
    assert (fields["dataset"], fields["seed"], fields["ratios"]) == ("fake", 3, [7, 1, 2])
    assert fields["rule"] == "rest-validates"
    assert [len(fields[part]) for part in ("train", "validation", "test")] == [7, 1, 2]
    assert len(fields["scenes_sha256"]) == 64


def test_nothing_is_left_beside_the_file(written: Path):
    assert [path.name for path in written.parent.iterdir()] == ["split.json"]


def test_a_split_of_another_table_is_an_error(written: Path):
    with raises(DatasetError, "fake", "p0000.jpg"):
        read_split(written, pictures(10))


def test_a_scene_that_was_taken_out_is_noticed_without_the_table(written: Path):
    train = json.loads(written.read_text())["train"]
    with raises(DatasetError, "sha256", "split.json"):
        read_split(change(written, train=train[1:]))


def test_a_leak_in_a_file_is_an_error(written: Path):
    fields = json.loads(written.read_text())
    with raises(DatasetError, "train", "test"):
        read_split(change(written, test=[*fields["test"], fields["train"][0]]))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"train": "all"}, ("train", "split.json", "all")),
        ({"test": [1]}, ("test", [1])),
        ({"dataset": None}, ("dataset",)),
        ({"ratios": [1, 2]}, ("ratios", [1, 2])),
        ({"seed": "0"}, ("seed", 0)),
    ],
)
def test_a_wrong_field_is_named(written: Path, fields: dict[str, object], words: tuple[object, ...]):
    with raises(DatasetError, *words):
        read_split(change(written, **fields))


@pytest.mark.parametrize(
    ("text", "words"),
    [("{", ("s.json", 1)), ("[]", ("s.json", "list"))],
)
def test_a_file_of_something_else_is_an_error(tmp_path: Path, text: str, words: tuple[object, ...]):
    (tmp_path / "s.json").write_text(text)
    with raises(DatasetError, *words):
        read_split(tmp_path / "s.json")
