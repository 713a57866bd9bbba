"""What a run leaves out is said, written down or refused."""

import io
import json
import logging
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from acutance.comparison.api import read
from acutance.errors import ImageReadError, InputError, PairingError
from acutance.images.formats import IMAGE_ENDINGS, UNREAD_FORMATS
from acutance.images.frames import later_frames_of
from acutance.scoring.api import ScoreRows, score
from acutance.scoring.options import RunOptions
from acutance.scoring.pairing import NamedImage, Pair, pair_up
from acutance.scoring.provenance import LeftOut, provenance_path
from acutance.scoring.rows import ScoreFile
from acutance.scoring.run import open_score_file, score_rows
from tests.raising import lacking, raises
from tests.unit.scoring.fakes import Brightness, Distance, plan_of, rows_into, write_images


def write_animation(path: Path, frames: int) -> Path:
    """The first frame is the same in all, the others are noise."""
    random = np.random.default_rng(3)
    first = np.full((16, 16, 3), 90, np.uint8)
    pictures = [first, *(random.integers(0, 256, (frames - 1, 16, 16, 3), dtype=np.uint8))]
    images = [Image.fromarray(image) for image in pictures]
    images[0].save(path, save_all=True, append_images=images[1:], lossless=True)
    return path


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """out/ and truth/ with a.png each, and images in out/ that are not read."""
    monkeypatch.chdir(tmp_path)
    write_images(tmp_path, "out/a.png", "truth/a.png")
    for name in ("IMG_1.HEIC", "IMG_2.heic", "deep/x.jxl"):
        (tmp_path / "out" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "out" / name).write_bytes(b"")
    return tmp_path


def test_no_kind_is_both_read_and_not_read_and_every_ending_has_one_kind():
    endings = [ending for kind in UNREAD_FORMATS.values() for ending in kind]
    assert not IMAGE_ENDINGS & set(endings)
    assert len(endings) == len(set(endings))
    assert all(ending.startswith(".") and ending == ending.lower() for ending in endings)


@pytest.mark.parametrize(
    "name", ["photo.HEIC", "x.jxl", "x.exr", "x.cr2", "x.svg", "x.psd", "x.npy", "x.dng", "x.hdr", "x.ico", "x.fits"]
)
def test_a_known_picture_ending_is_left_out_by_its_kind(here: Path, name: str):
    (here / "out" / name).write_bytes(b"")
    assert f"out/{name}" in pair_up("out").unread
    assert pair_up("out").ignored == []


def test_kinds_are_counted_and_the_first_files_named(here: Path):
    left_out = LeftOut(pair_up("out", "truth").unread)
    assert left_out.fields() == {
        "left_out": {
            "HEIC": {"count": 2, "first": ["out/IMG_1.HEIC", "out/IMG_2.heic"]},
            "JPEG XL": {"count": 1, "first": ["out/deep/x.jxl"]},
        }
    }
    for named in ("2 HEIC", "out/IMG_1.HEIC", "1 JPEG XL", "out/deep/x.jxl"):
        assert named in left_out.before()[0]


def test_a_folder_that_holds_only_pictures_that_are_not_read_is_an_error_that_counts_them(here: Path):
    (here / "out/a.png").unlink()
    with raises(InputError, 2, "HEIC", 1, "JPEG XL"):
        pair_up("out")


def test_an_error_of_pairing_names_what_was_not_read(here: Path):
    (here / "out/a.png").rename(here / "out/b.png")
    with raises(PairingError, 2, "HEIC"):
        score("out", reference="truth", model="psnr")
    with raises(PairingError, 2, "HEIC"):
        score("out", reference="truth", model="psnr", allow_unmatched=True)


def test_strict_makes_an_error_of_pictures_that_are_not_read(here: Path):
    assert isinstance(score("out", reference="truth", model="psnr"), ScoreRows)
    with raises(InputError, 2, "HEIC"):
        score("out", reference="truth", model="psnr", strict=True)


def test_rows_in_python_log_it_and_have_it_in_their_provenance(here: Path, caplog: pytest.LogCaptureFixture):
    write_animation(here / "out/a.webp", 4)
    write_animation(here / "truth/a.webp", 4)
    with caplog.at_level(logging.WARNING):
        rows = score("out", reference="truth", model="psnr")
        assert isinstance(rows, ScoreRows)
        assert not lacking(caplog.text, 2, "HEIC")
        assert "later_frames" not in rows.provenance
        assert len(list(rows)) == 2
    assert rows.provenance["left_out"]["HEIC"]["count"] == 2
    assert rows.provenance["later_frames"] == {"count": 2, "first": {"out/a.webp": 3, "truth/a.webp": 3}}
    assert not lacking(caplog.text, "out/a.webp", 3)


def test_one_score_in_python_tells_of_later_frames(here: Path, caplog: pytest.LogCaptureFixture):
    one, other = write_animation(here / "a.webp", 4), write_animation(here / "b.webp", 2)
    found = score(one, reference=other, model="psnr")
    assert float(found) == float("inf")  # type: ignore[arg-type]
    assert found.provenance["later_frames"] == {"count": 2, "first": {str(one): 3, str(other): 1}}
    assert not lacking(caplog.text, one, 3)


def test_strict_makes_an_error_of_later_frames(here: Path):
    write_animation(here / "a.webp", 4)
    with raises(ImageReadError, "a.webp", 3):
        score("a.webp", reference="a.webp", model="psnr", strict=True)


def test_a_still_picture_and_pixels_have_no_later_frames(here: Path, caplog: pytest.LogCaptureFixture):
    found = score("out/a.png", reference=np.zeros((8, 8, 3), np.uint8), model="psnr")
    assert "later_frames" not in found.provenance
    assert not caplog.records
    assert later_frames_of(np.zeros((4, 4))) == later_frames_of("absent.gif") == 0


def test_a_file_object_has_its_later_frames_counted(here: Path):
    data = write_animation(here / "a.webp", 3).read_bytes()
    assert score(io.BytesIO(data), reference="out/../a.webp", model="psnr").provenance["later_frames"]["count"] == 2


def test_a_run_that_continues_counts_no_frames_of_references_that_no_model_looks_at(here: Path):
    pairs = [
        Pair(NamedImage(write_animation(here / "a.gif", 3), "a", "a"), NamedImage(here / "gone.gif", "gone", "gone"))
    ]
    pairs.append(Pair(pairs[0].image, NamedImage(write_animation(here / "b.gif", 3), "b", "b")))
    for model, counted in ((Brightness("one"), {"a": 2}), (Distance("one"), {"a": 2, "b": 2})):
        file = here / f"{type(model).__name__}.csv"
        for resume in (False, True):
            plan = plan_of(pairs, model)
            assert len(list(score_rows(plan, [model], ScoreFile(file, [], resume=resume)))) == 2
            assert plan.left_out.frames == counted


def pairs_of(here: Path) -> list[Pair]:
    images = [write_animation(here / f"{index}.webp", 2 + index % 2) for index in range(5)]
    named = [NamedImage(path, path.name, path.name) for path in images]
    return [Pair(image, named[0]) for image in named]


def scored(path: Path, pairs: list[Pair], *, stop: int = 99, resume: bool = False) -> None:
    plan = plan_of(pairs, Distance("one"), unread=["x.heic"])
    rows = score_rows(plan, [Distance("one")], open_score_file(plan, path, resume=resume))
    for _ in zip(range(stop), rows, strict=False):
        pass
    rows.close()  # type: ignore[attr-defined]


def test_a_file_of_scores_has_it_in_its_provenance_also_after_it_was_resumed(here: Path):
    pairs = pairs_of(here)
    scored(here / "whole.csv", pairs)
    whole = json.loads(provenance_path(here / "whole.csv").read_text())
    assert whole["later_frames"] == {"count": 5, "first": {"0.webp": 1, "1.webp": 2, "2.webp": 1}}
    assert whole["left_out"] == {"HEIC": {"count": 1, "first": ["x.heic"]}}
    scored(here / "broken.csv", pairs, stop=3)
    scored(here / "broken.csv", pairs, resume=True)
    assert json.loads(provenance_path(here / "broken.csv").read_text()) == whole


def test_the_time_of_the_provenance_stays_that_of_the_beginning(here: Path):
    pairs = pairs_of(here)
    rows = rows_into(ScoreFile(here / "s.csv"), pairs, Distance("one"))
    next(rows)
    began = provenance_path(here / "s.csv").stat().st_mtime_ns
    assert len(list(rows)) == 4
    assert "later_frames" in json.loads(provenance_path(here / "s.csv").read_text())
    assert provenance_path(here / "s.csv").stat().st_mtime_ns == began


def test_a_resumed_run_may_find_other_pictures_that_are_not_read(here: Path):
    pairs = pairs_of(here)
    scored(here / "s.csv", pairs, stop=3)
    plan = plan_of(pairs, Distance("one"), unread=["y.jxl"])
    rows = score_rows(plan, [Distance("one")], open_score_file(plan, here / "s.csv", resume=True))
    assert len(list(rows)) == 5
    assert "JPEG XL" in json.loads(provenance_path(here / "s.csv").read_text())["left_out"]


def test_a_comparison_of_methods_says_what_was_left_out_of_their_folders(here: Path):
    work = read(["out"], "truth", "psnr")
    assert any(not lacking(line, 2, "HEIC") for line in work.report())
    with raises(InputError, 2, "HEIC"):
        read(["out"], "truth", "psnr", settings=RunOptions(strict=True))
    (here / "out/a.png").rename(here / "out/b.png")
    with raises(PairingError, 2, "HEIC"):
        read(["out"], "truth", "psnr")
