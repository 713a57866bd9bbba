from pathlib import Path

import pytest

from acutance.errors import ConfigError
from acutance.tables.atomic import write_text
from tests.raising import raises


def test_a_file_is_replaced_whole(tmp_path: Path):
    path = tmp_path / "a" / "list.txt"
    write_text(path, "before\n")
    write_text(path, "after\n")
    assert path.read_bytes() == b"after\n"
    assert list(path.parent.iterdir()) == [path]


def test_a_write_that_fails_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "list.txt"
    path.write_text("before")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with raises(ConfigError, "list.txt", "No space left on device"):
        write_text(path, "after")
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_place_below_a_file_is_one_line(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with raises(ConfigError, "list.txt"):
        write_text(tmp_path / "file" / "list.txt", "")


def test_a_name_that_is_not_utf8_is_one_line_and_leaves_what_was_there(tmp_path: Path):
    (tmp_path / "list.txt").write_text("before")
    with raises(ConfigError, "list.txt", "b\\udcff.png"):
        write_text(tmp_path / "list.txt", "a.png\nb\udcff.png\nc.png\n")
    assert [path.read_text() for path in tmp_path.iterdir()] == ["before"]
