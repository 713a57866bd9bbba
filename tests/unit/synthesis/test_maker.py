from pathlib import Path

import numpy as np
import pytest

from acutance.distortions import Mixture, distort
from acutance.images import read_image
from acutance.synthesis import maker as maker_module
from acutance.synthesis.maker import ItemTask, Maker, Settings, random_crop
from acutance.synthesis.plan import Item, Source
from tests.fakes.pictures import write_png
from tests.raising import lacking
from tests.unit.synthesis.conftest import scene, score_rows

METRICS = ("mdsi", "psnr")
JPEG = Item(0, "x.png", Mixture((("jpeg", 3),), 5), 3)


@pytest.fixture
def maker(sources: Path, tmp_path: Path) -> Maker:
    """A maker with the references of the three sources."""
    (tmp_path / "images").mkdir()
    (tmp_path / "references").mkdir()
    made = Maker(Settings(images=tmp_path / "images", references=tmp_path / "references", metrics=METRICS))
    for name in "abc":
        assert made.write_reference(Source(sources / f"{name}.png", name)) is None
    return made


def test_a_picture_is_what_distort_makes_of_its_source(maker: Maker, tmp_path: Path):
    maker.make(ItemTask(JPEG, "a"))
    np.testing.assert_array_equal(read_image(tmp_path / "images/x.png"), distort(scene(0), "jpeg", 3, seed=5))


@pytest.mark.parametrize("kind", ["noisegauss", "jitter", "sharpenHi"])
def test_a_mixture_of_one_step_is_that_distortion(maker: Maker, tmp_path: Path, kind: str):
    maker.make(ItemTask(Item(0, "x.png", Mixture(((kind, 5),), 9), 5), "b"))
    np.testing.assert_array_equal(read_image(tmp_path / "images/x.png"), distort(scene(1), kind, 5, seed=9))


def test_scores_are_those_of_the_two_files(maker: Maker, tmp_path: Path):
    row = maker.make(ItemTask(JPEG, "a"))
    rows = score_rows([tmp_path / "images/x.png"], [tmp_path / "references/a.png"], list(METRICS))
    assert row == {"image": "x.png", **{one.model: one.score for one in rows}, "error": None}


def test_a_picture_that_cannot_be_scored_has_an_error_and_no_file(tmp_path: Path, maker: Maker):
    write_png(tmp_path / "tiny.png", scene(0, 1, 1))
    maker.write_reference(Source(tmp_path / "tiny.png", "tiny"))
    row = maker.make(ItemTask(JPEG, "tiny"))
    assert not lacking(row["error"], 2)
    assert row["psnr"] is row["mdsi"] is None
    assert list((tmp_path / "images").iterdir()) == []


def test_a_metric_that_breaks_down_fails_its_picture_only(maker: Maker, monkeypatch: pytest.MonkeyPatch):
    def break_down(*_: object) -> None:
        raise RuntimeError("can't allocate\nmemory")

    monkeypatch.setattr(maker.metrics["psnr"], "terms_at_depth", break_down)
    assert maker.make(ItemTask(JPEG, "a"))["error"] == "can't allocate memory"


def test_an_unreadable_source_is_said_in_a_line(tmp_path: Path, maker: Maker):
    (tmp_path / "bad.png").write_bytes(b"no\npicture")
    error = maker.write_reference(Source(tmp_path / "bad.png", "bad"))
    assert error is not None
    assert "bad.png" in error
    assert not (tmp_path / "references/bad.png").exists()
    assert maker.make(ItemTask(JPEG, "bad", error))["error"] == error


def test_references_have_eight_bits(tmp_path: Path, maker: Maker):
    write_png(tmp_path / "deep.png", scene(0).astype(np.uint16) * 257)
    maker.write_reference(Source(tmp_path / "deep.png", "deep"))
    np.testing.assert_array_equal(maker.reference("deep"), scene(0))


def test_references_are_kept_as_long_as_there_is_room(maker: Maker, monkeypatch: pytest.MonkeyPatch):
    assert maker.reference("a") is maker.reference("a")
    monkeypatch.setattr(maker_module, "KEPT_BYTES", 2 * scene(0).nbytes)
    first, second = maker.reference("a"), maker.reference("b")
    maker.reference("a")
    maker.reference("c")
    assert maker.reference("a") is first
    assert maker.reference("b") is not second


def test_a_reference_is_a_part_of_a_larger_source(sources: Path, tmp_path: Path):
    settings = Settings(images=tmp_path, references=tmp_path, size=20, seed=1)
    Maker(settings).write_reference(Source(sources / "a.png", "part"))
    part, whole = read_image(tmp_path / "part.png"), scene(0)
    assert part.shape == (20, 20, 3)
    places = [(top, left) for top in range(29) for left in range(37)]
    assert any((whole[top : top + 20, left : left + 20] == part).all() for top, left in places)


def test_crops_reach_every_place_and_leave_short_sides_whole():
    image = np.arange(4 * 3 * 3, dtype=np.uint8).reshape(4, 3, 3)
    assert {int(random_crop(image, 2, seed)[0, 0, 0]) for seed in range(200)} == {0, 3, 9, 12, 18, 21}
    assert random_crop(image, 3, 0).shape == (3, 3, 3)
    np.testing.assert_array_equal(random_crop(image, 9, 0), image)
