import os
from pathlib import Path

import pytest

from acutance.datasets.splits import require_separate
from acutance.errors import DatasetError
from tests.raising import raises
from tests.unit.datasets.tables import rated, table_of


def test_pictures_of_different_references_are_separate():
    require_separate(table_of(rated("a1", reference="a"), rated("b1", reference="b")), ["train", "test"])


def test_a_reference_on_two_sides_is_named_with_both():
    table = table_of(rated("a1", reference="r.png", scene="s"), rated("a2", reference="r.png", scene="t"))
    with raises(DatasetError, "fake", "r.png", "train", "test"):
        require_separate(table, ["train", "test"])


def test_names_that_differ_in_case_are_one_file_if_it_is_not_there_to_see():
    table = table_of(rated("a1", reference="I25.BMP"), rated("b1", reference="i25.bmp"))
    with raises(DatasetError, "I25.BMP", "i25.bmp", "train", "test"):
        require_separate(table, ["train", "test"])


def test_names_that_differ_in_case_are_one_file_if_they_hold_the_same(tmp_path: Path):
    for name in ("I25.BMP", "i25.bmp"):
        (tmp_path / name).write_bytes(b"same")
    table = table_of(rated("a1", reference="I25.BMP"), rated("b1", reference="i25.bmp"), root=tmp_path)
    with raises(DatasetError, "I25.BMP", "i25.bmp", "train", "test"):
        require_separate(table, ["train", "test"])


def test_names_that_differ_in_case_are_two_files_if_they_hold_different_things(tmp_path: Path):
    (tmp_path / "IMG_1.JPG").write_bytes(b"one")
    (tmp_path / "img_1.jpg").write_bytes(b"two")
    require_separate(table_of(rated("IMG_1.JPG"), rated("img_1.jpg"), root=tmp_path), ["train", "test"])


@pytest.mark.parametrize("link", [os.link, os.symlink])
def test_links_to_one_file_are_one_file(tmp_path: Path, link):
    (tmp_path / "a.png").write_bytes(b"picture")
    link(tmp_path / "a.png", tmp_path / "other.png")
    with raises(DatasetError, "a.png", "other.png", "train", "test"):
        require_separate(table_of(rated("a.png"), rated("other.png"), root=tmp_path), ["train", "test"])


def test_copies_under_other_names_are_found_on_request(tmp_path: Path):
    (tmp_path / "a.png").write_bytes(b"picture")
    (tmp_path / "b.png").write_bytes(b"another")
    (tmp_path / "copy.png").write_bytes(b"picture")
    table = table_of(rated("a.png"), rated("b.png"), rated("copy.png"), root=tmp_path)
    require_separate(table, ["train", "test", "test"])
    with raises(DatasetError, "a.png", "copy.png", "train", "test"):
        require_separate(table, ["train", "test", "test"], compare_contents=True)


def test_copies_on_one_side_are_no_leak(tmp_path: Path):
    for name in ("a.png", "copy.png"):
        (tmp_path / name).write_bytes(b"picture")
    table = table_of(rated("a.png"), rated("copy.png"), rated("gone.png"), root=tmp_path)
    require_separate(table, ["train", "train", "test"], compare_contents=True)


def test_a_scene_under_two_cases_is_one_scene():
    table = table_of(rated("a", scene="Cat"), rated("b", scene="cat"))
    with raises(DatasetError, "fake", "Cat", "cat"):
        require_separate(table, ["train", "test"])


def test_a_name_that_no_file_can_have_is_one_that_is_not_there(tmp_path: Path):
    require_separate(table_of(rated("a\0.png"), rated("b.png"), root=tmp_path), ["train", "test"])
