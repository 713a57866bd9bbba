"""Settings of a model without its weights."""

from pathlib import Path

import numpy as np
import pytest
import torch

from acutance.errors import ConfigError, UnknownNameError
from acutance.inspection import looked_at, without_weights
from acutance.types import ScoreInfo
from acutance.weights.store import save
from tests.contracts.test_vtamiq import tiny
from tests.raising import raises

PICTURE = np.random.default_rng(0).integers(0, 256, (64, 80, 3), dtype=np.uint8)
OPTIONS = {"vtamiq-head": {"protocol": "grid", "patches": "20", "repeats": 1, "seed": 5}}


@pytest.fixture(autouse=True)
def _nothing_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No weights on this machine."""
    monkeypatch.setenv("ACUTANCE_WEIGHTS", str(tmp_path))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))


def run_folder(folder: Path) -> Path:
    """As a training leaves it: weights of five scales that validated with 30 patches on a grid."""
    model = tiny({"scales": 5}, protocol="grid", patches=30, repeats=1)
    (folder / "config.json").write_text("{}")
    save(
        folder / "best.safetensors",
        model.state_dict(),
        model="vtamiq-head",
        config=model.config(),
        source_sha256=None,
        score_info=ScoreInfo(better="lower", low=0, high=1),
        options=model.views.model_dump(mode="json"),
    )
    return folder


def test_positions_are_those_of_a_model_that_scores(tmp_path: Path):
    found = looked_at("VTAMIQ-head", PICTURE, None, None, OPTIONS)
    scoring = tiny({}, protocol="grid", patches=20, repeats=1, seed=5)
    expected = scoring.seen_patches(torch.from_numpy(PICTURE.copy()).permute(2, 0, 1)[None] / 255)
    np.testing.assert_array_equal(found.patches.boxes, expected.boxes)
    assert (found.model, found.preprocessing["seed"]) == ("vtamiq-head", 5)
    assert not list(tmp_path.iterdir())


def test_the_folder_of_a_training_gives_its_scales_and_what_it_validated_with(tmp_path: Path):
    found = looked_at(str(run_folder(tmp_path)), PICTURE)
    assert len(found.patches.boxes) == 30
    assert set(found.patches.scales.tolist()) == {0, 1}
    again = looked_at(str(tmp_path), PICTURE, options={"vtamiq-head": {"seed": 9}})
    assert not np.array_equal(again.patches.boxes, found.patches.boxes)


def test_a_model_without_weights_has_no_numbers():
    _, model = without_weights("ms_hyperiqa", options={"ms_hyperiqa": {"protocol": "random", "crops": 3}})
    assert {parameter.device.type for parameter in model.parameters()} == {"meta"}
    assert model.preprocessing()["crops"] == 3


@pytest.mark.parametrize("name", ["psnr", "afine", "afine-tiny"])
def test_models_that_see_pictures_whole_are_refused(name: str):
    with raises(ConfigError, name):
        looked_at(name, PICTURE)


def test_options_of_another_model_and_unknown_ones_are_refused():
    with raises(ConfigError, "ahiq", "vtamiq-head"):
        looked_at("ahiq", PICTURE, options=OPTIONS)
    with raises(UnknownNameError, "patch"):
        looked_at("vtamiq-head", PICTURE, options={"vtamiq-head": {"patch": 3}})


def test_weights_of_a_model_that_has_none_are_refused():
    with raises(ConfigError, "psnr", "x.pth"):
        looked_at("psnr", PICTURE, weights="x.pth")
