import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import acutance
from acutance import ConfigError, ImageReadError, InputError, Score, ScoreRow, ShapeMismatchError
from acutance.scoring import ScoreRows, decoding
from tests.fakes import pictures
from tests.unit.scoring.fakes import Brightness, Distance, noise, write_pictures

PIXELS, TRUTH = noise(0, 24, 20), noise(1, 24, 20)
WANTED = 20 * np.log10(255 / np.sqrt(np.mean((PIXELS.astype(float) - TRUTH) ** 2)))


def kinds(folder: Path) -> dict[str, Any]:
    path = pictures.write_png(folder / "out.png", PIXELS)
    return {
        "path": path,
        "text": str(path),
        "file object": io.BytesIO(path.read_bytes()),
        "Pillow": Image.fromarray(PIXELS),
        "uint8": PIXELS,
        "uint16": PIXELS.astype(np.uint16) * 257,
        "float32": (PIXELS / 255).astype(np.float32),
        "float64": PIXELS / 255,
        "tensor": torch.from_numpy(PIXELS).permute(2, 0, 1) / 255,
    }


@pytest.mark.parametrize(
    "kind", ["path", "text", "file object", "Pillow", "uint8", "uint16", "float32", "float64", "tensor"]
)
def test_a_picture_of_any_kind_has_one_score(tmp_path: Path, kind: str):
    score = acutance.score(kinds(tmp_path)[kind], reference=TRUTH, model="psnr")
    assert isinstance(score, Score)
    assert score.value == pytest.approx(WANTED, abs=1e-4)


def test_a_score_says_what_it_means_and_what_it_depends_on():
    score = acutance.score(PIXELS, reference=TRUTH, model="psnr")
    assert isinstance(score, Score)
    assert score.info == acutance.load("psnr").info
    assert score.terms == {}
    assert score.provenance["models"][0]["model"] == "psnr"
    assert float(score) == score.value
    assert str(score) == f"psnr: {score.value:.4f} dB (higher is better)"


def test_a_loaded_model_scores_as_its_name_does():
    loaded = acutance.score(PIXELS, reference=TRUTH, model=acutance.load("ssim", channel="rgb"))
    named = acutance.score(PIXELS, reference=TRUTH, model="ssim", options={"ssim": {"channel": "rgb"}})
    assert isinstance(loaded, Score)
    assert isinstance(named, Score)
    assert loaded == named


def test_bfloat16_that_does_nothing_is_a_warning_that_names_the_model():
    with pytest.warns(UserWarning, match="psnr"):
        score = acutance.score(PIXELS, reference=TRUTH, model="psnr", precision="bfloat16")
    assert isinstance(score, Score)
    assert score.provenance["models"][0]["precision"] == "float64"


def test_terms_come_with_the_score():
    score = acutance.score(PIXELS, reference=TRUTH, model=Distance())
    assert isinstance(score, Score)
    assert set(score.terms) == {"brightness"}


def test_a_model_without_need_of_a_reference_takes_a_picture_alone():
    score = acutance.score(PIXELS, model=Brightness())
    assert isinstance(score, Score)
    assert score.value == pytest.approx(PIXELS.mean() / 255, abs=1e-6)


def test_several_models_give_rows():
    rows = acutance.score(PIXELS, reference=TRUTH, model=["psnr", "ssim"])
    assert isinstance(rows, ScoreRows)
    assert [row.model for row in rows] == ["psnr", "ssim"]


@pytest.mark.parametrize("model", [["psnr"], "classic"])
def test_a_list_of_models_gives_rows_even_for_one_picture(model: Any):
    assert all(isinstance(row, ScoreRow) for row in acutance.score(PIXELS, reference=TRUTH, model=model))  # type: ignore[union-attr]


@pytest.mark.parametrize("kind", ["list", "array", "tensor"])
def test_many_pictures_give_rows_in_their_order(kind: str):
    many = np.stack([PIXELS, TRUTH, PIXELS])
    sources: dict[str, Any] = {
        "list": list(many),
        "array": many,
        "tensor": torch.from_numpy(many).permute(0, 3, 1, 2),
    }
    rows = list(acutance.score(sources[kind], reference=TRUTH, model="psnr"))  # type: ignore[arg-type]
    assert [row.score for row in rows] == pytest.approx([WANTED, np.inf, WANTED], abs=1e-4)
    paired = list(acutance.score(sources[kind], reference=sources[kind], model="psnr"))  # type: ignore[arg-type]
    assert [row.score for row in paired] == [np.inf] * 3


def test_a_folder_gives_rows_and_the_pairing(tmp_path: Path):
    write_pictures(tmp_path, "out/a.png", "out/b.png", "truth/a.png")
    rows = acutance.score(tmp_path / "out", reference=tmp_path / "truth", model="psnr", allow_unmatched=True)
    assert isinstance(rows, ScoreRows)
    assert rows.pairing.unmatched_images == [f"{tmp_path}/out/b.png"]
    assert rows.provenance["pairs"]["count"] == 1
    assert len(list(rows)) == 1


def test_rows_are_made_when_they_are_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    write_pictures(tmp_path, *(f"{index:03}.png" for index in range(100)))
    read: list[object] = []
    original = decoding._read_one

    def watched(picture: Any, *arguments: Any) -> Any:
        read.append(picture)
        return original(picture, *arguments)

    monkeypatch.setattr(decoding, "_read_one", watched)
    rows = acutance.score(tmp_path, model=Brightness(), batch_size=1, workers=1)
    assert isinstance(rows, ScoreRows)
    assert read == []
    next(rows)
    assert len(read) < 10
    assert len(list(rows)) == 99


def test_one_picture_that_cannot_be_read_raises(tmp_path: Path):
    (tmp_path / "bad.png").write_bytes(b"no picture")
    with pytest.raises(ImageReadError, match=r"bad\.png: Expected a picture"):
        acutance.score(tmp_path / "bad.png", reference=TRUTH, model="psnr")
    with pytest.raises(ImageReadError, match=r"bad\.png: Expected a picture"):
        acutance.score(PIXELS, reference=tmp_path / "bad.png", model="psnr")
    with pytest.raises(ImageReadError, match=r"got nothing there"):
        acutance.score(tmp_path / "absent.png", reference=TRUTH, model="psnr")


def test_one_pair_of_two_sizes_raises():
    with pytest.raises(ShapeMismatchError, match=r"got \(24, 20\) and \(20, 24\)"):
        acutance.score(PIXELS, reference=TRUTH.transpose(1, 0, 2), model="psnr")


def test_one_picture_too_small_raises():
    with pytest.raises(InputError, match="at least"):
        acutance.score(PIXELS, reference=TRUTH, model="ms_ssim")


def test_many_pictures_never_raise_for_one_of_them(tmp_path: Path):
    rows = list(acutance.score([PIXELS, TRUTH[:5]], reference=TRUTH, model="psnr"))  # type: ignore[arg-type]
    assert [type(row.exception) for row in rows] == [type(None), ShapeMismatchError]


@pytest.mark.usefixtures("as_users_run_it")
@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"batch_size": 0}, "a batch size above 0"),
        ({"workers": 0}, "a number of workers above 0"),
        ({"background": "no colour"}, "a background colour"),
        ({"device": "gpu"}, "the name of a device, got 'gpu'"),
        ({"precision": "int8"}, "the name of a precision, got 'int8'"),
        ({"options": {"psnr": {"chanel": "rgb"}}}, "Did you mean 'channel'"),
    ],
)
def test_a_bad_setting_raises_a_config_error(options: dict[str, Any], words: str):
    with pytest.raises(ConfigError, match=words):
        acutance.score(PIXELS, reference=TRUTH, model="psnr", **options)


def test_progress_is_told(tmp_path: Path):
    seen: list[tuple[int, int]] = []
    list(acutance.score([PIXELS, PIXELS], model=Brightness(), on_progress=lambda *counts: seen.append(counts)))  # type: ignore[arg-type]
    assert seen == [(1, 2), (2, 2)]
