"""The folder of a training scores like any model."""

from pathlib import Path

import pytest
import torch

from acutance.catalog import load
from acutance.checkpoints.store import save
from acutance.errors import CheckpointError, ConfigError
from acutance.models.ms_hyperiqa.model import MSHyperIQA, MSHyperIQAConfig
from acutance.score_info import ScoreInfo
from acutance.scoring import score
from acutance.scoring.trained import with_trained
from tests.raising import raises

INFO = ScoreInfo(better="lower", low=-float("inf"), high=float("inf"), usual=(0.0, 100.0))


@pytest.fixture
def run(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    config = MSHyperIQAConfig(resize=None, trunk_blocks=(1, 1, 1, 1), trunk_channels=(4, 8, 12, 16))
    model = MSHyperIQA(config)
    folder = tmp_path / "run"
    folder.mkdir()
    tensors, told = model.state_dict(), config.model_dump(mode="json")
    save(folder / "best.safetensors", tensors, model="ms_hyperiqa", config=told, source_sha256=None, score_info=INFO)
    return folder


def test_a_folder_becomes_its_model_with_its_weights(run: Path):
    weights = {"ms_hyperiqa": run / "best.safetensors"}
    assert with_trained([str(run), "psnr"], None) == (["ms_hyperiqa", "psnr"], weights)


def test_names_without_folders_stay_as_they_are():
    assert with_trained(["psnr", "afine"], "afine.pth") == (["psnr", "afine"], "afine.pth")


def test_one_file_of_weights_is_for_the_models_that_were_not_trained_here(run: Path):
    _, weights = with_trained([str(run), "afine", "psnr"], "afine.pth")
    assert weights == {"afine": "afine.pth", "ms_hyperiqa": run / "best.safetensors"}


def test_weights_beside_the_training_of_the_same_model_are_an_error(run: Path):
    with raises(ConfigError, "ms_hyperiqa"):
        with_trained([str(run)], {"ms_hyperiqa": "other.pkl"})


def test_a_training_without_weights_yet_is_an_error(tmp_path: Path):
    (tmp_path / "config.json").write_text("{}")
    with raises(CheckpointError, "best.safetensors"):
        with_trained([str(tmp_path)], None)


def test_its_scores_mean_what_it_was_trained_on(run: Path):
    image = torch.rand(3, 224, 224, generator=torch.Generator().manual_seed(1))
    one = score(image, model=str(run))
    assert one.info == INFO  # type: ignore[union-attr]
    assert one.provenance["models"][0]["weights"] == "best.safetensors"
    assert load(str(run))(image[None])[0].item() == pytest.approx(float(one))  # type: ignore[arg-type]
