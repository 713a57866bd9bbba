"""On the command line nothing is left out in silence, and no option does nothing."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image

from acutance.cli.options import parse_options
from acutance.errors import ConfigError
from tests.fakes import pictures
from tests.raising import lacking, raises
from tests.unit.cli.conftest import Run
from tests.unit.scoring.fakes import write_images
from tests.unit.scoring.test_left_out import write_animation

FOLDERS = ("score", "out", "--reference", "truth", "-m", "psnr")


def test_pictures_that_are_not_read_are_counted_on_stderr_and_in_the_provenance(run: Run, tmp_path: Path):
    (tmp_path / "out/photo.HEIC").write_bytes(b"")
    result = run(*FOLDERS, "-o", "scores.csv")
    assert result.exit_code == 0
    assert any(not lacking(line, 1, "HEIC", "out/photo.HEIC") for line in result.stderr.splitlines())
    described = json.loads((tmp_path / "scores.csv.provenance.json").read_text())
    assert described["left_out"] == {"HEIC": {"count": 1, "first": ["out/photo.HEIC"]}}


@pytest.mark.parametrize("verb", ["score", "compare"])
def test_strict_makes_an_error_of_them(run: Run, tmp_path: Path, verb: str):
    (tmp_path / "out/photo.HEIC").write_bytes(b"")
    result = run(verb, "out", "--reference", "truth", "-m", "psnr", "--strict")
    assert (result.exit_code, result.stdout) == (2, "")
    assert any(not lacking(line, 1, "HEIC", "out/photo.HEIC") for line in result.stderr.splitlines())


def test_later_frames_are_counted_on_stderr_and_in_the_provenance(run: Run, tmp_path: Path):
    write_animation(tmp_path / "a.webp", 4)
    write_animation(tmp_path / "b.webp", 4)
    result = run("score", "b.webp", "-r", "a.webp", "-m", "psnr", "-o", "scores.csv")
    assert result.exit_code == 0
    assert any(not lacking(line, "b.webp", 3, 2) for line in result.stderr.splitlines())
    described = json.loads((tmp_path / "scores.csv.provenance.json").read_text())
    assert described["later_frames"] == {"count": 2, "first": {"b.webp": 3, "a.webp": 3}}


def test_strict_makes_an_error_of_later_frames(run: Run, tmp_path: Path):
    write_animation(tmp_path / "a.webp", 4)
    result = run("score", "a.webp", "-r", "a.webp", "-m", "psnr", "--strict")
    assert result.exit_code == 1
    assert any(not lacking(line, "a.webp", "psnr") for line in result.stderr.splitlines())


def test_a_comparison_tells_of_both(run: Run, tmp_path: Path):
    (tmp_path / "out/photo.HEIC").write_bytes(b"")
    write_animation(tmp_path / "out/b.webp", 3)
    write_animation(tmp_path / "truth/b.webp", 3)
    result = run("compare", "out", "--reference", "truth", "-m", "psnr", "--draws", 0, "-o", "results")
    assert result.exit_code == 0, result.output
    assert any(not lacking(line, 1, "HEIC", "out/photo.HEIC") for line in result.stderr.splitlines())
    assert any(not lacking(line, "out/b.webp", 2) for line in result.stderr.splitlines())
    scores = json.loads((tmp_path / "results/comparison.json").read_text())["provenance"]["scores"]
    assert scores["left_out"]["HEIC"]["count"] == 1
    assert scores["later_frames"]["count"] == 2


@pytest.fixture
def photos(run: Run, tmp_path: Path) -> Run:
    """Runs the command where the images are large enough for every model."""
    write_images(tmp_path, "out/a.png", "out/b.png", "truth/a.png", "truth/b.png", size=(48, 48))
    write_images(tmp_path, "large.png", size=(64, 48))
    return run


def test_two_pictures_of_one_size_alone_are_scored_with_a_hint_that_is_the_command_to_compare_them(photos: Run):
    result = photos("score", "out/a.png", "truth/a.png", "-f", "csv")
    assert result.exit_code == 0
    assert [line.split(",")[:3:2] for line in result.stdout.splitlines()[1:]] == [
        ["out/a.png", "afine-tiny-naturalness"],
        ["truth/a.png", "afine-tiny-naturalness"],
    ]
    assert sum("acutance score out/a.png --reference truth/a.png" in line for line in result.stderr.splitlines()) == 1


def test_the_command_of_the_hint_can_be_pasted(run: Run, tmp_path: Path):
    write_images(tmp_path, "my out.png", "it's.png")
    assert """acutance score 'my out.png' --reference 'it'"'"'s.png'""" in run("score", "my out.png", "it's.png").stderr


def test_the_hint_repeats_no_warning_of_a_picture(photos: Run, caplog: pytest.LogCaptureFixture, tmp_path: Path):
    exif = Image.Exif()
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.ColorSpace] = 0xFFFF
    for name in ("a.jpg", "b.jpg"):
        Image.new("RGB", (48, 48)).save(tmp_path / name, exif=exif)
    assert "acutance score a.jpg --reference b.jpg" in photos("score", "a.jpg", "b.jpg").stderr
    assert sorted(record.message.partition(":")[0] for record in caplog.records) == ["a.jpg", "b.jpg"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["out/a.png", "truth/a.png", "-m", "afine-tiny-naturalness"],
        ["out/a.png", "-r", "truth/a.png"],
        ["out/a.png", "out/b.png", "truth/a.png"],
        ["out", "truth"],
        ["out/a.png", "large.png"],
        ["out/a.png"],
    ],
)
def test_nobody_gets_the_hint_who_named_a_model_a_reference_folders_more_files_or_other_sizes(
    photos: Run, arguments: list[str]
):
    result = photos("score", *arguments)
    assert result.exit_code == 0
    assert "acutance score" not in result.stderr


def test_two_pictures_for_a_model_that_compares_are_an_error_with_the_option(run: Run):
    result = run("score", "out/a.png", "truth/a.png", "-m", "psnr")
    assert result.exit_code == 2
    assert "--reference truth/a.png" in result.stderr


@pytest.mark.parametrize("reference", [[], ["-r", "truth/a.png"]])
def test_a_rule_for_names_that_has_no_use_is_said(run: Run, reference: list[str]):
    model = ["-m", "psnr"] if reference else []
    assert not lacking(run("score", "out/a.png", *reference, *model, "--pair-by", "stem").stderr, "stem")
    assert run("score", "out/a.png", *reference, *model, "--pair-by", "[a-z]+").exit_code == 2


def test_pictures_that_are_named_twice_are_said(run: Run):
    result = run("score", "out", "out/b.png", "out/a.png", "-r", "truth/a.png", "-m", "psnr")
    assert result.exit_code == 0
    assert any(not lacking(line, 2) for line in result.stderr.splitlines())


def test_fields_of_a_manifest_that_are_not_read_are_named(run: Run, tmp_path: Path):
    (tmp_path / "m.csv").write_text("image,ref\nout/b.png,truth/a.png\n")
    (tmp_path / "m.jsonl").write_text('{"image": "out/b.png"}\n{"image": "out/b.png", "truth": "truth/a.png"}\n')
    assert not lacking(run("score", "m.csv").stderr, "m.csv", "ref")
    assert not lacking(run("score", "m.jsonl").stderr, "m.jsonl", "truth")


def test_weights_by_name_for_a_model_that_has_none_are_an_error(run: Run):
    result = run(*FOLDERS, "--weights", "psnr=a.pth")
    assert result.exit_code == 2
    assert "psnr" in result.stderr


def test_an_option_of_a_model_given_twice_is_an_error():
    with raises(ConfigError, "ssim.channel"):
        parse_options(["ssim.channel=rgb", "ssim.channel=grey"])


def test_terms_that_no_model_has_are_said(run: Run):
    assert "--terms" in run(*FOLDERS, "--terms").stderr
    assert "--terms" not in run(*FOLDERS[:4], "--terms").stderr


def test_a_folder_that_may_not_be_looked_into_is_said(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from os import scandir

    def refuse(place: str):
        if str(place).endswith("locked"):
            raise PermissionError(13, "Permission denied", str(place))
        return scandir(place)

    (tmp_path / "out/locked").mkdir()
    monkeypatch.setattr("os.scandir", refuse)
    assert "out/locked/" in run(*FOLDERS).stderr


def test_16_bit_pages_of_a_tiff_are_later_frames(run: Run, tmp_path: Path):
    import tifffile

    tifffile.imwrite(tmp_path / "stack.tif", np.zeros((3, 8, 8), np.uint16), photometric="minisblack")
    pictures.write_png(tmp_path / "flat.png", np.zeros((8, 8, 3), np.uint8))
    result = run("score", "stack.tif", "-r", "flat.png", "-m", "psnr")
    assert any(not lacking(line, "stack.tif", 2) for line in result.stderr.splitlines())
