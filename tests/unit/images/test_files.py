from pathlib import Path

import pytest
from PIL import Image

from acutance.errors import InputError
from acutance.images.formats import IMAGE_ENDINGS, IMAGE_FORMATS, find_images
from tests.raising import raises


def fill(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def test_pictures_are_found_at_any_depth_and_sorted(tmp_path: Path):
    fill(tmp_path, "b.png", "a/z.jpg", "a/deep/er/c.tiff", "a.webp")
    assert find_images(tmp_path).images == ["a.webp", "a/deep/er/c.tiff", "a/z.jpg", "b.png"]


def test_endings_count_in_any_case(tmp_path: Path):
    fill(tmp_path, "a.PNG", "b.JpEg")
    assert find_images(tmp_path).images == ["a.PNG", "b.JpEg"]


def test_other_files_are_listed_as_ignored(tmp_path: Path):
    fill(tmp_path, "a.png", "notes.txt", "sub/figure.pdf", "sub/figure.eps", "noending", "png")
    found = find_images(tmp_path)
    assert found.images == ["a.png"]
    assert found.ignored == ["noending", "notes.txt", "png", "sub/figure.eps", "sub/figure.pdf"]


def test_hidden_files_and_folders_are_in_neither_list(tmp_path: Path):
    fill(tmp_path, ".a.png", ".DS_Store", ".cache/b.png", "sub/.c.png")
    found = find_images(tmp_path)
    assert (found.images, found.ignored) == ([], [])


def test_a_folder_below_a_hidden_one_can_be_asked_for(tmp_path: Path):
    fill(tmp_path, ".hidden/a.png")
    assert find_images(tmp_path / ".hidden").images == ["a.png"]


def test_linked_folders_and_files_are_followed(tmp_path: Path):
    fill(tmp_path, "elsewhere/a.png", "here/b.png")
    (tmp_path / "here/linked").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "here/c.png").symlink_to(tmp_path / "elsewhere/a.png")
    assert find_images(tmp_path / "here").images == ["b.png", "c.png", "linked/a.png"]


def test_a_link_in_a_circle_is_not_followed(tmp_path: Path):
    fill(tmp_path, "here/sub/a.png")
    (tmp_path / "here/sub/up").symlink_to(tmp_path / "here")
    assert find_images(tmp_path / "here").images == ["sub/a.png"]


def test_a_folder_without_the_right_to_look_into_it_is_listed_as_unread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    from os import scandir

    fill(tmp_path, "a.png", "locked/b.png")

    def refuse(place: str):
        if str(place).endswith("locked"):
            raise PermissionError(13, "Permission denied", str(place))
        return scandir(place)

    monkeypatch.setattr("os.scandir", refuse)
    found = find_images(tmp_path)
    assert (found.images, found.ignored, found.unread) == (["a.png"], [], ["locked/"])


def test_a_missing_folder_is_an_error(tmp_path: Path):
    with raises(InputError, "gone"):
        find_images(tmp_path / "gone")


def test_a_file_is_no_folder(tmp_path: Path):
    fill(tmp_path, "a.png")
    with raises(InputError, "a.png"):
        find_images(tmp_path / "a.png")


def test_every_ending_is_one_that_pillow_opens():
    Image.init()
    known = {name for name in IMAGE_FORMATS if name in Image.OPEN}
    assert set(IMAGE_FORMATS) - known <= {"AVIF"}  # came with Pillow 11.3
    endings = {ending for name in known for ending in IMAGE_FORMATS[name]}
    assert endings - {".mpo"} <= set(Image.registered_extensions())


def test_formats_that_start_other_programs_are_not_read():
    assert not {".eps", ".ps", ".pdf", ".wmf", ".mpg"} & IMAGE_ENDINGS
