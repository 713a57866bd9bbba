"""What HyperIQA and MS-HyperIQA start from."""

import argparse
from pathlib import Path

import pytest
import timm
import torch
import torchvision
from safetensors.torch import save_file

from acutance.errors import CheckpointError, ConfigError, MissingWeightsError
from acutance.models.hyperiqa.model import HyperIQA
from acutance.models.ms_hyperiqa.model import MSHyperIQA
from acutance.training.start import is_resnet50, start_crop_model
from acutance.training.systems.hyperiqa import HyperIQATraining
from acutance.weights.store import save
from tests.fakes.hyperiqa_checkpoint import official_tensors, write_official, write_pyiqa
from tests.fakes.tiny_hyperiqa import tiny_hyperiqa, tiny_ms_hyperiqa
from tests.raising import raises


def theirs(*, classifier: bool = True, counters: bool = True) -> dict[str, torch.Tensor]:
    """The state of torchvision's ResNet-50."""
    torch.manual_seed(5)
    state: dict[str, torch.Tensor] = torchvision.models.resnet50(weights=None).state_dict()
    return {
        name: value
        for name, value in state.items()
        if (classifier or not name.startswith("fc.")) and (counters or not name.endswith("num_batches_tracked"))
    }


def trunk(model: HyperIQA | MSHyperIQA) -> dict[str, torch.Tensor]:
    state: dict[str, torch.Tensor] = model.network.backbone.trunk.state_dict()
    return {name: value for name, value in state.items() if not name.endswith("num_batches_tracked")}


@pytest.mark.parametrize("kind", ["torchvision", "old", "headless", "safetensors", "timm"])
def test_the_trunk_is_that_of_the_file(tmp_path: Path, kind: str):
    state = theirs(classifier=kind != "headless", counters=kind != "old")
    path = tmp_path / "resnet50"
    if kind == "timm":
        torch.save(timm.create_model("resnet50", pretrained=False).state_dict() | state, path)
    elif kind == "safetensors":
        save_file(state, path)
    else:
        torch.save(state, path)
    model = HyperIQA()
    before = {name: value.clone() for name, value in model.state_dict().items() if "backbone" not in name}
    start_crop_model(model, str(path))
    assert all(torch.equal(value, state[name]) for name, value in trunk(model).items())
    assert len(trunk(model)) == 265
    assert all(torch.equal(model.state_dict()[name], value) for name, value in before.items())


def test_another_network_is_one_clear_line(tmp_path: Path):
    torch.save(torchvision.models.resnet18(weights=None).state_dict(), tmp_path / "resnet18.pth")
    with raises(CheckpointError, 320, 165):
        start_crop_model(HyperIQA(), str(tmp_path / "resnet18.pth"))


def test_a_trunk_of_another_size_has_nothing_to_start_from(tmp_path: Path):
    torch.save(theirs(), tmp_path / "resnet50.pth")
    model = tiny_hyperiqa()
    assert not is_resnet50(model.network.backbone)
    with raises(ConfigError, "resnet50.pth", "task.start"):
        start_crop_model(model, str(tmp_path / "resnet50.pth"))


@pytest.mark.parametrize("name", ["gone.pth", "folder"])
def test_a_file_that_is_not_there_is_named(tmp_path: Path, name: str):
    (tmp_path / "folder").mkdir()
    with raises(MissingWeightsError, tmp_path / name):
        start_crop_model(tiny_hyperiqa(), str(tmp_path / name))


def test_a_damaged_file_is_one_clear_line(tmp_path: Path):
    (tmp_path / "resnet50.pth").write_bytes(b"no weights")
    with raises(CheckpointError, "resnet50.pth"):
        start_crop_model(HyperIQA(), str(tmp_path / "resnet50.pth"))


def test_an_earlier_run_is_trained_further(tmp_path: Path):
    earlier = tiny_ms_hyperiqa(dropout=0.2)
    (tmp_path / "run").mkdir()
    file = tmp_path / "run/best.safetensors"
    save(file, earlier.state_dict(), model="ms_hyperiqa", config=earlier.config(), source_sha256=None)
    for start in (tmp_path / "run", file):
        torch.manual_seed(9)
        model = MSHyperIQA(earlier.configuration.model_copy(update={"dropout": 0.5, "resize": (256, 300)}))
        start_crop_model(model, str(start))
        assert all(torch.equal(model.state_dict()[name], value) for name, value in earlier.state_dict().items())


def test_a_run_of_the_other_model_is_refused(tmp_path: Path):
    earlier = tiny_hyperiqa()
    file = tmp_path / "best.safetensors"
    save(file, earlier.state_dict(), model="hyperiqa", config=earlier.config(), source_sha256=None)
    with raises(CheckpointError, "ms_hyperiqa", "hyperiqa", "task.start"):
        start_crop_model(tiny_ms_hyperiqa(), str(file))


def test_a_run_with_another_trunk_is_refused(tmp_path: Path):
    earlier = tiny_hyperiqa(trunk_channels=(4, 4, 4, 4))
    file = tmp_path / "best.safetensors"
    save(file, earlier.state_dict(), model="hyperiqa", config=earlier.config(), source_sha256=None)
    with raises(ConfigError, "trunk_channels=[4, 8, 12, 16]"):
        start_crop_model(tiny_hyperiqa(), str(file))


def test_the_authors_weights_are_trained_further(tmp_path: Path):
    write_official(tmp_path / "koniq_pretrained.pkl", "hyperiqa", "plain", with_counts=False)
    model = HyperIQA()
    start_crop_model(model, str(tmp_path / "koniq_pretrained.pkl"))
    tensors = official_tensors("hyperiqa", "plain")
    state = model.state_dict()
    assert torch.equal(state["network.backbone.trunk.layer3.2.conv1.weight"], tensors["res.layer3.2.conv1.weight"])
    assert torch.equal(state["network.generator.last_weight.weight"], tensors["fc5w_fc.weight"])


def test_weights_on_another_scale_are_refused(tmp_path: Path):
    write_pyiqa(tmp_path / "pyiqa.pth", "plain")
    with raises(ConfigError, "score_scale=1.0", "task.model.score_scale=100.0"):
        start_crop_model(HyperIQA(), str(tmp_path / "pyiqa.pth"))


@pytest.fixture
def no_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing in any cache, and nobody to ask."""
    (tmp_path / "weights").mkdir()
    monkeypatch.setenv("ACUTANCE_WEIGHTS", str(tmp_path / "weights"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


@pytest.mark.slow
@pytest.mark.usefixtures("no_network")
@pytest.mark.parametrize("tag", ["resnet50.tv_in1k", "resnet50.a1_in1k"])
def test_a_tag_of_timm_is_taken_from_the_folder_of_weights(tmp_path: Path, tag: str):
    save_file(theirs(), tmp_path / f"weights/{tag}.safetensors")
    model = HyperIQA()
    start_crop_model(model, tag)
    assert torch.equal(model.state_dict()["network.backbone.trunk.conv1.weight"], theirs()["conv1.weight"])


@pytest.mark.usefixtures("no_network")
def test_a_trunk_that_cannot_be_had_is_an_error_with_the_ways_out():
    tag = HyperIQATraining().start
    assert tag == "resnet50.tv_in1k"
    ways = ("task.start=FILE", "task.start=resnet50.a1_in1k", "task.start=none", "ACUTANCE_WEIGHTS")
    with torch.device("meta"), raises(MissingWeightsError, tag, *ways):
        start_crop_model(HyperIQA(), tag)


@pytest.mark.usefixtures("no_network")
def test_nothing_is_fetched_for_a_trunk_of_another_size():
    with raises(ConfigError, "resnet50.tv_in1k", "task.start=none"):
        start_crop_model(tiny_hyperiqa(), "resnet50.tv_in1k")


def test_a_tag_that_nobody_knows_is_told_those_that_there_are():
    with raises(MissingWeightsError, "resnet50.b1k_in1k", "resnet50.tv_in1k", "resnet50.a1_in1k", "none"):
        start_crop_model(tiny_hyperiqa(), "resnet50.b1k_in1k")


@pytest.mark.slow
def test_the_checkpoint_of_a_training_of_torchvision_is_a_start(tmp_path: Path):
    beside = {"epoch": 90, "args": argparse.Namespace(model="resnet50"), "optimizer": {"param_groups": [{"lr": 0.1}]}}
    torch.save({"model": {f"module.{name}": value for name, value in theirs().items()}, **beside}, tmp_path / "c.pth")
    model = HyperIQA()
    start_crop_model(model, str(tmp_path / "c.pth"))
    assert torch.equal(model.state_dict()["network.backbone.trunk.conv1.weight"], theirs()["conv1.weight"])


def test_another_network_s_file_is_named_with_a_key_that_is_missing(tmp_path: Path):
    torch.save({"features.0.weight": torch.ones(3)}, tmp_path / "vgg.pth")
    with torch.device("meta"), raises(CheckpointError, tmp_path / "vgg.pth", "bn1.bias", "features.0.weight"):
        start_crop_model(HyperIQA(), str(tmp_path / "vgg.pth"))
