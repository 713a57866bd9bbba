from pathlib import Path

import pytest

from acutance.datasets.faults import DatasetError
from acutance.datasets.text_files import read_json_object, read_text, write_whole
from acutance.errors import ConfigError
from tests.raising import raises


def test_a_file_is_replaced_whole(tmp_path: Path):
    path = tmp_path / "a" / "list.txt"
    write_whole(path, "before\n")
    write_whole(path, "after\n")
    assert path.read_bytes() == b"after\n"
    assert list(path.parent.iterdir()) == [path]


def test_a_write_that_fails_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "list.txt"
    path.write_text("before")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with raises(ConfigError, "list.txt", "No space left on device"):
        write_whole(path, "after")
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_place_below_a_file_is_one_line(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with raises(ConfigError, "list.txt"):
        write_whole(tmp_path / "file" / "list.txt", "")


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


def test_a_name_that_is_not_utf8_is_one_line_and_leaves_what_was_there(tmp_path: Path):
    (tmp_path / "list.txt").write_text("before")
    with raises(ConfigError, "list.txt", "b\\udcff.png"):
        write_whole(tmp_path / "list.txt", "a.png\nb\udcff.png\nc.png\n")
    assert [path.read_text() for path in tmp_path.iterdir()] == ["before"]


def test_an_object_too_deep_within_itself_is_named(tmp_path: Path):
    (tmp_path / "deep.json").write_text('{"a":' * 100_000)
    with raises(DatasetError, "deep.json"):
        read_json_object(tmp_path / "deep.json", "labels", "Get it again.")
