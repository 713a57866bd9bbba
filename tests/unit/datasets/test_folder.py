import os
from pathlib import Path

import pytest

from acutance.errors import DatasetError
from tests.raising import raises
from tests.unit.datasets.conftest import folder_of


def touch(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()


def test_every_part_of_a_path_is_found_without_regard_to_case(tmp_path: Path):
    touch(tmp_path, "Distorted_Images/I01.BMP")
    folder = folder_of("tid2013", tmp_path)
    assert folder.image("distorted_images/i01.bmp") == "Distorted_Images/I01.BMP"
    assert folder.missing == {}


def test_a_picture_that_is_not_there_is_noted_under_the_name_given(tmp_path: Path):
    folder = folder_of("tid2013", tmp_path)
    assert folder.image("images/A.bmp") == "images/A.bmp"
    assert list(folder.missing) == ["images/A.bmp"]


@pytest.mark.parametrize("name", ["../outside.bmp", "/etc/hostname", "images/../../outside.bmp", ".hidden.bmp"])
def test_a_list_cannot_name_a_file_outside_the_root_or_a_hidden_one(tmp_path: Path, name: str):
    touch(tmp_path, "outside.bmp", "root/images/a.bmp", "root/.hidden.bmp")
    folder = folder_of("tid2013", tmp_path / "root")
    folder.image(name)
    assert list(folder.missing) == [name]


def test_a_file_in_the_place_of_a_folder_holds_nothing(tmp_path: Path):
    touch(tmp_path, "images")
    folder = folder_of("tid2013", tmp_path)
    assert folder.find("images/a.bmp") is None
    assert folder.names("images") == []


def test_pictures_below_a_folder_are_found_by_name_and_the_first_in_order_wins(tmp_path: Path):
    touch(tmp_path, "b/A.png", "a/c/a.PNG", "a/z.png", ".git/a.png")
    folder = folder_of("agiqa3k", tmp_path)
    assert folder.image_below("", "a.png") == "a/c/a.PNG"
    assert folder.image_below("b", "a.png") == "b/A.png"
    assert folder.image_below("b", "z.png") == "b/z.png"
    assert list(folder.missing) == ["b/z.png"]


def test_names_are_told_once_in_order(tmp_path: Path):
    touch(tmp_path, "x/b", "x/A", "x/C", "x/.d")
    assert folder_of("tid2013", tmp_path).names("X") == ["A", "b", "C"]
    assert folder_of("tid2013", tmp_path).names("y") == []


def test_a_file_is_no_root(tmp_path: Path):
    touch(tmp_path, "tid2013")
    with raises(DatasetError, "TID2013", "tid2013"):
        folder_of("tid2013", tmp_path / "tid2013")


def test_a_folder_that_may_not_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folder = folder_of("kadid10k", tmp_path)

    def refuse(path: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "scandir", refuse)
    with raises(DatasetError, "KADID-10k", "Permission denied"):
        folder.image("images/a.png")
