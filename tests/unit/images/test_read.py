import io
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from acutance.errors import ConfigError, ImageReadError, InputError
from acutance.images.read import ImageSource, image_name, read_image, reading_settings
from tests.fakes import pictures
from tests.raising import raises


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return pictures.write_png(tmp_path / "a.png", pictures.noise((5, 7, 3)))


def test_every_kind_of_source_gives_the_same_pixels(path: Path):
    wanted = pictures.noise((5, 7, 3))
    with path.open("rb") as file, Image.open(path) as image:
        sources: list[ImageSource] = [path, str(path), file, io.BytesIO(path.read_bytes()), image, wanted]
        for source in [*sources, torch.from_numpy(wanted).permute(2, 0, 1)]:
            np.testing.assert_array_equal(read_image(source), wanted, strict=True)


def test_a_file_is_read_from_its_start(path: Path):
    with path.open("rb") as file:
        file.seek(50)
        assert read_image(file).shape == (5, 7, 3)


def test_a_file_that_cannot_seek_is_read(path: Path):
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def seek(self, *_) -> int:
            raise io.UnsupportedOperation

    np.testing.assert_array_equal(read_image(Pipe(path.read_bytes())), pictures.noise((5, 7, 3)))


@pytest.mark.usefixtures("as_users_run_it")
def test_a_file_opened_as_text_is_an_error(tmp_path: Path):
    (tmp_path / "a.txt").write_text("words")
    with (
        (tmp_path / "a.txt").open() as file,
        raises(ImageReadError, "a.txt", '"rb"'),
    ):
        read_image(file)  # type: ignore[arg-type]


@pytest.mark.usefixtures("as_users_run_it")
@pytest.mark.parametrize(
    ("source", "words"),
    [
        (b"data", ("bytes", "io.BytesIO(data)")),
        (None, ("NoneType",)),
        ([[0, 1]], ("list",)),
    ],
)
def test_a_source_of_another_kind_is_an_error(source, words: tuple[object, ...]):
    with raises(InputError, *words):
        read_image(source)


def test_results_are_read_only_and_contiguous(path: Path):
    for source in (path, np.zeros((4, 4, 3), np.uint8)[::-1], np.zeros((4, 4))):
        read = read_image(source)
        assert read.flags.c_contiguous
        with raises(ValueError, "read-only"):
            read[0, 0, 0] = 1


def test_sources_stay_as_they_are(path: Path):
    array = np.random.default_rng(0).random((4, 4, 4))
    tensor = torch.rand(4, 4, 4)
    Image.fromarray(pictures.noise((5, 7, 4))).save(path)
    with Image.open(path) as image:
        copies = array.copy(), tensor.clone(), image.copy()
        for source in (array, tensor, image):
            read_image(source, background="red")
        assert (image.mode, image.tobytes()) == ("RGBA", copies[2].tobytes())
        np.testing.assert_array_equal(array, copies[0])
        assert array.flags.writeable
        assert torch.equal(tensor, copies[1])


@pytest.mark.parametrize("background", ["no such colour", "#12", "", "#ffffff80"])
def test_a_background_nobody_knows_is_an_error(background: str):
    with raises(ConfigError, repr(background)):
        read_image(np.zeros((2, 2)), background=background)


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("a/b.png", "a/b.png"),
        ("./b.png", "./b.png"),
        (Path("a") / "b.png", "a/b.png"),
        (np.zeros((2, 2)), "array 3"),
        (torch.zeros(3, 2, 2), "tensor 3"),
        (io.BytesIO(), "file object 3"),
        (Image.new("L", (1, 1)), "image 3"),
    ],
)
def test_a_source_is_called_by_its_path_or_by_kind_and_index(source, name: str):
    assert image_name(source, 3) == name


def test_an_open_file_or_picture_is_called_by_its_file(path: Path):
    with path.open("rb") as file, Image.open(path) as image:
        assert image_name(file, 0) == str(path)
        assert image_name(image, 0) == str(path)


def test_the_settings_say_how_pictures_were_read():
    settings = reading_settings("#808080")
    assert set(settings) == {"orientation", "alpha", "colour", "depth"}
    assert settings["alpha"] == "blended in sRGB values over #808080"


def test_the_settings_give_the_value_of_a_named_background():
    assert reading_settings("teal")["alpha"].endswith("over #008080")


def test_the_settings_refuse_a_background_nobody_knows():
    with raises(ConfigError, "nope"):
        reading_settings("nope")
