import io
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import acutance
from acutance import ConfigError, ImageReadError, InputError, MissingExtraError, Score, ScoreRow, ShapeMismatchError
from acutance.scoring.api import ScoreRows
from acutance.scoring.rows import ROW_FIELDS
from tests.conftest import images_among
from tests.fakes import pictures
from tests.raising import raises
from tests.unit.scoring.fakes import Brightness, Distance, noise, write_images

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
    write_images(tmp_path, "out/a.png", "out/b.png", "truth/a.png")
    rows = acutance.score(tmp_path / "out", reference=tmp_path / "truth", model="psnr", allow_unmatched=True)
    assert isinstance(rows, ScoreRows)
    assert rows.pairing.unmatched_images == [f"{tmp_path}/out/b.png"]
    assert rows.provenance["pairs"]["count"] == 1
    assert len(list(rows)) == 1


def test_rows_are_made_when_they_are_asked_for(tmp_path: Path, opened: list[str]):
    write_images(tmp_path, *(f"{index:03}.png" for index in range(100)))
    opened.clear()
    rows = acutance.score(tmp_path, model=Brightness(), batch_size=1, workers=1)
    assert isinstance(rows, ScoreRows)
    assert images_among(opened) == []
    assert rows[0].image == f"{tmp_path}/000.png"
    assert len(images_among(opened)) < 10
    assert len(list(rows)) == 100


def rows_of(*images: Any, model: Any = "psnr") -> ScoreRows:
    rows = acutance.score(list(images), reference=TRUTH, model=model)
    assert isinstance(rows, ScoreRows)
    return rows


def test_rows_are_scored_once_however_often_they_are_asked_for():
    model = Distance()
    rows = rows_of(PIXELS, TRUTH, PIXELS, model=[model])
    first = list(rows)
    assert list(rows) == first
    assert [*reversed(rows)] == first[::-1]
    assert sum(model.batches) == 3


def test_rows_have_a_length_and_places_before_they_are_made():
    rows = rows_of(PIXELS, TRUTH, PIXELS, model=["psnr", "gmsd"])
    assert len(rows) == 6
    assert rows[-1].model == "gmsd"
    assert rows[3] == list(rows)[3]
    assert rows[1:5:2] == [rows[1], rows[3]]
    assert rows[4:100] == [rows[4], rows[5]]
    assert rows[3:3] == []


@pytest.mark.parametrize("place", [2, -3])
def test_a_row_that_is_none_is_an_index_error(place: int):
    with raises(IndexError, place):
        _ = rows_of(PIXELS, TRUTH)[place]


def test_a_slice_makes_no_more_rows_than_it_needs():
    model = Distance()
    rows = acutance.score([PIXELS] * 100, reference=TRUTH, model=[model], batch_size=1, workers=1)
    assert isinstance(rows, ScoreRows)
    assert len(rows[:5]) == 5
    assert sum(model.batches) == 5


def test_rows_say_how_many_are_done():
    rows = rows_of(PIXELS, TRUTH, model=["psnr", "gmsd"])
    assert "0 of 4" in repr(rows)
    assert rows[0].score is not None
    assert "2 of 4" in repr(rows)


def test_after_a_break_rows_go_on_where_it_was():
    class Breaks(Distance):
        calls = 0

        def terms(self, distorted: Any, reference: Any = None) -> dict[str, Any]:
            self.calls += 1
            if self.calls == 3:
                raise KeyboardInterrupt
            return super().terms(distorted, reference)

    rows = acutance.score(
        [PIXELS, TRUTH, PIXELS, TRUTH],
        reference=TRUTH,
        model=[Breaks()],
        batch_size=1,
        workers=1,
    )
    assert isinstance(rows, ScoreRows)
    with pytest.raises(KeyboardInterrupt):
        list(rows)
    assert "2 of 4" in repr(rows)
    assert [row.score for row in rows] == [
        row.score for row in rows_of(PIXELS, TRUTH, PIXELS, TRUTH, model=[Distance()])
    ]


def test_a_fault_of_a_model_is_raised_and_never_the_end_of_the_rows():
    class Broken(Distance):
        def terms(self, distorted: Any, reference: Any = None) -> dict[str, Any]:
            raise IndexError("a fault of the model")

    rows = rows_of(PIXELS, TRUTH, model=[Broken()])
    for _ in range(2):
        with raises(IndexError, "a fault of the model"):
            list(rows)


@pytest.mark.parametrize(("model", "better"), [("psnr", "higher"), ("gmsd", "lower")])
def test_every_row_says_which_way_is_better(model: str, better: str):
    assert [row.better for row in rows_of(PIXELS, TRUTH[:5], model=model)] == [better, better]


def test_rows_become_a_table_of_pandas():
    rows = rows_of(PIXELS, TRUTH, TRUTH[:5])
    for table in (rows.to_pandas(), rows.to_pandas()):
        assert list(table.columns) == list(ROW_FIELDS)
        assert str(table["score"].dtype) == "float64"
        assert table["score"].tolist()[:2] == [rows[0].score, np.inf]
        assert table["score"].isna().tolist() == [False, False, True]
        assert table["error"].isna().tolist() == [True, True, False]
        assert table["better"].tolist() == ["higher"] * 3


def test_terms_are_columns_where_they_are_asked_for():
    table = rows_of(PIXELS, TRUTH[:5], model=[Distance()]).to_pandas(terms=True)
    assert list(table.columns) == [*ROW_FIELDS, "brightness"]
    assert table["brightness"].isna().tolist() == [False, True]


def test_without_pandas_the_error_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with raises(MissingExtraError, "pip install pandas"):
        rows_of(PIXELS).to_pandas()


def test_threads_that_ask_for_rows_at_once_get_their_own():
    images = [noise(index, 20, 20) for index in range(60)]
    rows = acutance.score(images, reference=images[::-1], model="psnr", batch_size=1)
    assert isinstance(rows, ScoreRows)
    with ThreadPoolExecutor(4) as pool:
        asked = list(pool.map(lambda index: rows[index].image, range(60)))
    assert asked == [f"array {index}" for index in range(60)]
    assert [row.score for row in rows] == [row.score for row in reversed(rows)]


def test_one_picture_that_cannot_be_read_raises(tmp_path: Path):
    (tmp_path / "bad.png").write_bytes(b"no image")
    with raises(ImageReadError, "bad.png"):
        acutance.score(tmp_path / "bad.png", reference=TRUTH, model="psnr")
    with raises(ImageReadError, "bad.png"):
        acutance.score(PIXELS, reference=tmp_path / "bad.png", model="psnr")
    with raises(ImageReadError, "absent.png"):
        acutance.score(tmp_path / "absent.png", reference=TRUTH, model="psnr")


def test_one_pair_of_two_sizes_raises():
    with raises(ShapeMismatchError, (24, 20), (20, 24)):
        acutance.score(PIXELS, reference=TRUTH.transpose(1, 0, 2), model="psnr")


def test_one_picture_too_small_raises():
    with raises(InputError, 161, 24, 20):
        acutance.score(PIXELS, reference=TRUTH, model="ms_ssim")


def test_many_pictures_never_raise_for_one_of_them(tmp_path: Path):
    rows = list(acutance.score([PIXELS, TRUTH[:5]], reference=TRUTH, model="psnr"))  # type: ignore[arg-type]
    assert [type(row.exception) for row in rows] == [type(None), ShapeMismatchError]


@pytest.mark.usefixtures("as_users_run_it")
@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"batch_size": 0}, ("batch_size", 0)),
        ({"workers": 0}, ("workers", 0)),
        ({"background": "no colour"}, ("no colour",)),
        ({"device": "gpu"}, ("gpu",)),
        ({"precision": "int8"}, ("int8",)),
        ({"options": {"psnr": {"chanel": "rgb"}}}, ("chanel", "channel")),
    ],
)
def test_a_bad_setting_raises_a_config_error(options: dict[str, Any], words: tuple[object, ...]):
    with raises(ConfigError, *words):
        acutance.score(PIXELS, reference=TRUTH, model="psnr", **options)


def test_progress_is_told(tmp_path: Path):
    seen: list[tuple[int, int]] = []
    list(acutance.score([PIXELS, PIXELS], model=Brightness(), on_progress=lambda *counts: seen.append(counts)))  # type: ignore[arg-type]
    assert seen == [(1, 2), (2, 2)]


def test_names_between_commas_are_several_models():
    rows = acutance.score(noise(0), reference=noise(1), model="psnr, ssim", device="cpu")
    assert isinstance(rows, ScoreRows)
    assert [row.model for row in rows] == ["psnr", "ssim"]


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_bare_bytes_are_an_error_that_says_how_to_pass_them(kind: Any):
    data = kind(b"1234")
    with raises(InputError, kind.__name__, "io.BytesIO(data)"):
        acutance.score(data)
    with raises(InputError, kind.__name__, "io.BytesIO(data)"):
        acutance.score(noise(0), reference=data)
