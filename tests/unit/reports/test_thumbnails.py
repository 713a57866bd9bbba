import base64
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image

from acutance.reports.cards import MAX_SIDE, Thumbnail, thumbnails
from tests.fakes.pictures import coded_chunk, noise, png_bytes, write_png
from tests.fakes.report_results import UNREADABLE_BYTES, write_picture

PLENTY = 10_000_000


def decoded(thumbnail: Thumbnail) -> Image.Image:
    """The copy, read back from its URI."""
    kind, _, data = thumbnail.uri.partition(",")
    assert kind == "data:image/jpeg;base64"
    return Image.open(io.BytesIO(base64.b64decode(data, validate=True)))


def colour_at(thumbnail: Thumbnail, across: float, down: float) -> tuple[int, ...]:
    image = np.asarray(decoded(thumbnail))
    found = image[int(down * image.shape[0]), int(across * image.shape[1])]
    return tuple(int(value) for value in found)


def one(path: Path, most_bytes: int = PLENTY) -> Thumbnail:
    return thumbnails([path], most_bytes=most_bytes)[0]


def test_a_large_picture_shrinks_to_the_longest_side_in_proportion(tmp_path):
    made = one(write_picture(tmp_path / "a.png", size=(1200, 800)))
    assert decoded(made).size == (made.width, made.height) == (384, 256)
    assert made.size == (1200, 800)
    assert not made.is_tiny


def test_a_tiny_picture_keeps_its_pixels_and_is_shown_as_squares(tmp_path):
    made = one(write_picture(tmp_path / "a.png", size=(48, 32)))
    assert decoded(made).size == (48, 32)
    assert (made.width, made.height, made.is_tiny) == (384, 256, True)


def test_the_copy_of_a_picture_on_its_side_is_upright_and_without_metadata(tmp_path):
    pixels = np.zeros((40, 80, 3), dtype=np.uint8)
    pixels[:, :40] = (255, 0, 0)
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6  # the camera was turned: rotate by 90 degrees clockwise to see it upright
    exif[ExifTags.Base.Artist] = "nobody's business"
    Image.fromarray(pixels).save(tmp_path / "a.png", exif=exif)
    made = one(tmp_path / "a.png")
    assert decoded(made).size == (40, 80)
    assert colour_at(made, 0.5, 0.2)[0] > 240
    assert colour_at(made, 0.5, 0.8)[0] < 15
    assert dict(decoded(made).getexif()) == {}
    assert b"nobody" not in base64.b64decode(made.uri.partition(",")[2])


def test_transparent_pixels_are_white_whatever_colour_they_hide(tmp_path):
    Image.new("RGBA", (64, 64), (255, 0, 0, 0)).save(tmp_path / "a.png")
    assert colour_at(one(tmp_path / "a.png"), 0.5, 0.5) == (255, 255, 255)


def test_sixteen_bits_become_eight_by_rounding(tmp_path):
    (tmp_path / "a.png").write_bytes(png_bytes(np.full((64, 64, 3), 257 * 100 + 128, dtype=np.uint16)))
    assert colour_at(one(tmp_path / "a.png"), 0.5, 0.5) == pytest.approx((100, 100, 100), abs=1)


def test_values_of_float_tiffs_are_read_from_0_to_1(tmp_path):
    Image.fromarray(np.full((64, 64), 0.5, dtype=np.float32)).save(tmp_path / "a.tiff")
    assert colour_at(one(tmp_path / "a.tiff"), 0.5, 0.5) == pytest.approx((128, 128, 128), abs=1)


def test_pictures_of_one_card_have_one_frame_and_one_of_another_shape_stands_on_grey(tmp_path):
    wide = write_picture(tmp_path / "wide.png", size=(800, 400))
    double = write_picture(tmp_path / "double.png", size=(1600, 801), seed=1)
    Image.new("RGB", (300, 600), (0, 0, 255)).save(tmp_path / "tall.png")
    made = thumbnails([wide, double, tmp_path / "tall.png"], most_bytes=PLENTY)
    assert {decoded(each).size for each in made} == {(384, 192)}
    assert [each.size for each in made] == [(800, 400), (1600, 801), (300, 600)]
    assert colour_at(made[2], 0.5, 0.5)[2] > 240
    assert colour_at(made[2], 0.1, 0.5) == pytest.approx((128, 128, 128), abs=2)


def test_copies_shrink_until_they_fit(tmp_path):
    paths = []
    for seed in range(3):
        paths.append(tmp_path / f"{seed}.png")
        Image.fromarray(noise((400, 400, 3), seed=seed)).save(paths[-1])
    for most in (300_000, 100_000, 40_000):
        made = thumbnails(paths, most_bytes=most)
        assert sum(len(base64.b64decode(each.uri.partition(",")[2])) for each in made) <= most
        assert {(each.width, each.height) for each in made} == {(MAX_SIDE, MAX_SIDE)}


def test_what_cannot_be_read_is_a_placeholder_in_the_frame_of_the_others(tmp_path):
    there = write_picture(tmp_path / "there.png", size=(768, 384))
    (tmp_path / "broken.png").write_bytes(there.read_bytes()[:300])
    (tmp_path / "folder.png").mkdir()
    paths = [tmp_path / "gone.png", tmp_path / "broken.png", tmp_path / "folder.png", Path("a\0b.png"), there]
    made = thumbnails(paths, most_bytes=PLENTY)
    assert {(each.width, each.height) for each in made} == {(384, 192)}
    assert [each.uri.startswith("data:image/svg+xml;base64,") for each in made] == [True] * 4 + [False]
    assert made[0].problem == made[2].problem == "Expected an image file, got no such file."
    assert "Expected a sound image, got one that fails to decode" in made[1].problem
    assert made[3].problem
    assert made[4].problem == ""
    assert all("\n" not in each.problem for each in made)


def test_nothing_readable_at_all_is_still_a_card(tmp_path):
    made = thumbnails([tmp_path / "a.png", tmp_path / "b.png"], most_bytes=0)
    assert [each.size for each in made] == [None, None]
    assert made[0].width > made[0].height > 0


def test_a_name_that_is_no_utf_8_is_opened(tmp_path):
    assert one(write_picture(tmp_path / f"{UNREADABLE_BYTES}.png")).problem == ""


def test_a_line_of_pixels_is_not_shrunk_to_nothing(tmp_path):
    Image.new("RGB", (4000, 1), (255, 255, 255)).save(tmp_path / "a.png")
    assert decoded(one(tmp_path / "a.png")).size == (384, 1)


def test_an_hdr_picture_has_a_copy_too(tmp_path: Path):
    made = one(write_png(tmp_path / "a.png", noise((8, 8, 3), np.uint16), chunks=[coded_chunk(9, 16)]))
    assert (made.problem, made.size) == ("", (8, 8))
