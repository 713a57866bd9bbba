"""The folder of a training scores like any model, with the preprocessing that it was validated with."""

import logging
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from acutance.catalog import load
from acutance.comparison.api import compare
from acutance.datasets.table import OpinionTable, RatedImage
from acutance.errors import CheckpointError, ConfigError
from acutance.evaluation import evaluate
from acutance.models.ms_hyperiqa.model import MSHyperIQA
from acutance.models.ms_hyperiqa.weights import MSHyperIQAConfig
from acutance.scoring.api import score
from acutance.scoring.run import trained_models
from acutance.types import ScoreInfo
from acutance.weights.store import save
from tests.raising import raises

INFO = ScoreInfo(better="lower", low=-float("inf"), high=float("inf"), usual=(0.0, 100.0))
VALIDATED: dict[str, Any] = {"protocol": "random", "crops": 2, "seed": 5}
BY_TRAINING = "recorded by the training"


def write_run(folder: Path, options: dict[str, Any] | None) -> Path:
    torch.manual_seed(0)
    config = MSHyperIQAConfig(resize=None, trunk_blocks=(1, 1, 1, 1), trunk_channels=(4, 8, 12, 16))
    folder.mkdir()
    save(
        folder / "best.safetensors",
        MSHyperIQA(config).state_dict(),
        model="ms_hyperiqa",
        config=config.model_dump(mode="json"),
        source_sha256=None,
        score_info=INFO,
        options=options,
    )
    return folder


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return write_run(tmp_path / "run", VALIDATED)


def preprocessing(name: object, **given: Any) -> dict[str, Any]:
    provenance = load(str(name), **given).provenance
    assert provenance is not None
    return dict(provenance.preprocessing)


def chosen(found: dict[str, Any]) -> dict[str, Any]:
    return {name: found[name] for name in (*VALIDATED, "settings") if name in found}


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(3):
        Image.effect_noise((240, 230), 20 * number + 10).convert("RGB").save(folder / f"{number}.png")
    return folder


def test_a_folder_becomes_its_model_with_its_weights(run: Path):
    weights = {"ms_hyperiqa": run / "best.safetensors"}
    assert trained_models([str(run), "psnr"], None) == (["ms_hyperiqa", "psnr"], weights)


def test_names_without_folders_stay_as_they_are():
    assert trained_models(["psnr", "afine"], "afine.pth") == (["psnr", "afine"], "afine.pth")


def test_one_file_of_weights_is_for_the_models_that_were_not_trained_here(run: Path):
    _, weights = trained_models([str(run), "afine", "psnr"], "afine.pth")
    assert weights == {"afine": "afine.pth", "ms_hyperiqa": run / "best.safetensors"}


def test_weights_beside_the_training_of_the_same_model_are_an_error(run: Path):
    with raises(ConfigError, "ms_hyperiqa"):
        trained_models([str(run)], {"ms_hyperiqa": "other.pkl"})


def test_a_training_without_weights_yet_is_an_error(tmp_path: Path):
    (tmp_path / "config.json").write_text("{}")
    with raises(CheckpointError, "best.safetensors"):
        trained_models([str(tmp_path)], None)


def test_its_scores_mean_what_it_was_trained_on(run: Path):
    image = torch.rand(3, 224, 224, generator=torch.Generator().manual_seed(1))
    one = score(image, model=str(run))
    assert one.info == INFO  # type: ignore[union-attr]
    assert one.provenance["models"][0]["weights"] == "best.safetensors"
    assert load(str(run))(image[None])[0].item() == pytest.approx(float(one))  # type: ignore[arg-type]


def test_a_run_is_loaded_with_what_it_was_validated_with(run: Path):
    assert chosen(preprocessing(run)) == {**VALIDATED, "settings": BY_TRAINING}


def test_a_copy_of_the_weights_alone_says_what_they_were_validated_with(run: Path, tmp_path: Path):
    shutil.copy(run / "best.safetensors", tmp_path / "mine.safetensors")
    found = preprocessing("ms_hyperiqa", weights=tmp_path / "mine.safetensors")
    assert chosen(found) == {**VALIDATED, "settings": BY_TRAINING}


def test_weights_in_the_folder_of_weights_say_what_they_were_validated_with(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (run / "best.safetensors").rename(tmp_path / "ms_hyperiqa.safetensors")
    monkeypatch.setenv("ACUTANCE_WEIGHTS", str(tmp_path))
    assert chosen(preprocessing("ms_hyperiqa", crops=3)) == {
        **VALIDATED,
        "crops": 3,
        "settings": f"{BY_TRAINING}; by option: crops",
    }


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"seed": 6}, {**VALIDATED, "seed": 6, "settings": f"{BY_TRAINING}; by option: seed"}),
        ({"seed": 5}, {**VALIDATED, "settings": BY_TRAINING}),
        ({"protocol": "random"}, {**VALIDATED, "settings": BY_TRAINING}),
        ({"protocol": "cover"}, {"protocol": "cover", "settings": "by option: protocol"}),
    ],
)
def test_an_option_that_is_given_is_stronger_than_the_training(run: Path, given: dict[str, Any], found: dict[str, Any]):
    assert chosen(preprocessing(run, **given)) == found


def test_an_option_without_effect_under_the_recorded_protocol_is_an_error(tmp_path: Path):
    covered = write_run(tmp_path / "covered", {"protocol": "cover", "crops": 25, "seed": 0})
    with pytest.raises(ConfigError, match=r"random .*\bcrops\b.*\bcover\b"):
        load(str(covered), crops=3)


def test_a_recorded_setting_that_this_version_does_not_know_is_an_error(tmp_path: Path):
    later = write_run(tmp_path / "later", {**VALIDATED, "protocol": "spiral"})
    with pytest.raises(CheckpointError, match="spiral"):
        load(str(later))


def test_an_old_run_that_recorded_nothing_says_so_in_one_line(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    old = write_run(tmp_path / "old", None)
    with caplog.at_level(logging.WARNING):
        assert chosen(preprocessing(old)) == {"protocol": "cover"}
        assert len(caplog.messages) == 1
        assert str(old / "best.safetensors") in caplog.messages[0]
        preprocessing(old, protocol="random")
        assert len(caplog.messages) == 1


def test_every_verb_scores_a_run_as_it_was_validated(run: Path, pictures: Path, tmp_path: Path):
    names = sorted(path.name for path in pictures.iterdir())
    table = OpinionTable(
        [RatedImage(image=name, mos=float(number)) for number, name in enumerate(names)], pictures, "own"
    )
    (tmp_path / "other").mkdir()
    for name in names:
        (tmp_path / "other" / name).symlink_to(pictures / name)
    single: Any = score(pictures / names[0], model=str(run), device="cpu")
    described = {
        "score": single.provenance,
        "evaluate": evaluate([str(run)], data=table, draws=0, device="cpu").provenance["own"],
        "compare": compare([pictures, tmp_path / "other"], model=str(run), draws=0, device="cpu").provenance["scores"],
    }
    for verb, provenance in described.items():
        found: Any = provenance
        assert chosen(found["models"][0]["preprocessing"]) == {**VALIDATED, "settings": BY_TRAINING}, verb
    pixels = np.asarray(Image.open(pictures / names[0])).copy()
    images = torch.from_numpy(pixels).permute(2, 0, 1)[None] / 255
    assert single.value == pytest.approx(float(load(str(run), **VALIDATED)(images)), rel=1e-6)
