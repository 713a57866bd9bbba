"""What a stage of A-FINE takes over; runs of earlier stages are in tests/integration/test_afine_training.py."""

from pathlib import Path

import pytest
import torch

from acutance.errors import CheckpointError, ConfigError, MissingWeightsError
from acutance.models.afine import model
from acutance.models.afine.weights import CLIP_ARCHIVE, CLIP_TIMM
from acutance.training.recipes import find_recipe
from acutance.training.start import clip_file, clip_of_start, frozen, load_parts, load_stage
from acutance.weights.store import save
from tests.fakes.afine_checkpoint import published_tensor
from tests.fakes.afine_stages import narrow_encoder, stage_tensors, write_stages
from tests.fakes.afine_training import tiny_afine, tiny_encoder
from tests.raising import raises


def test_a_stage_may_start_from_the_published_file(afine_pth: Path):
    stage = load_stage(str(afine_pth), trained=("encoder", "fidelity_head"))
    assert torch.equal(stage.fidelity_head.alpha, published_tensor("fidelity.alpha").flatten())
    assert stage.adapter.k.item() == 5.0


@pytest.mark.parametrize("number", [2, 3])
def test_a_stage_over_networks_that_nobody_trained_is_refused(tmp_path: Path, number: int):
    config = find_recipe(f"afine-stage{number}").task
    with raises(ConfigError, "--set task.start=FOLDER"):
        config.build(tmp_path)


def test_a_start_that_is_not_there_is_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(model, "ClipImageEncoder", tiny_encoder)
    with raises(MissingWeightsError, "nothing"):
        load_stage(str(tmp_path / "nothing"))


def test_the_run_of_another_model_is_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(model, "ClipImageEncoder", tiny_encoder)
    weights = {"layer": torch.zeros(2)}
    save(tmp_path / "best.safetensors", weights, model="hyperiqa", config={}, source_sha256=None)
    with raises(CheckpointError, "afine", "hyperiqa"):
        load_stage(str(tmp_path))


def test_what_is_frozen_does_not_learn():
    stage = frozen(tiny_afine())
    assert not stage.training
    assert not any(parameter.requires_grad for parameter in stage.parameters())


ALL_PARTS = ("encoder", "naturalness_head", "fidelity_head")


@pytest.fixture
def released(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The authors' files in the folders of their stages, over narrow blocks."""
    monkeypatch.setattr(model, "ClipImageEncoder", narrow_encoder)
    return write_stages(tmp_path / "released", archive=False)


def check_released(stage: model.AFINE) -> None:
    theirs = stage_tensors()
    assert torch.equal(stage.encoder.trunk.patch_embed.proj.weight, theirs["clip_model.pth"]["visual.conv1.weight"])
    assert torch.equal(stage.naturalness_head.output.bias, theirs["net_qhead.pth"]["proj_head.2.bias"])
    assert torch.equal(stage.fidelity_head.alpha, theirs["net_dhead.pth"]["alpha"].flatten())
    assert (stage.adapter.k.item(), stage.naturalness_calibrator.scale.item()) == pytest.approx((5, 21.5968))


@pytest.mark.parametrize(
    "places",
    [
        [""],
        ["AFINE_stage1_nlogn", "AFINE_stage2_nlogn"],
        ["AFINE_stage1_nlogn/clip_model.pth", "AFINE_stage1_nlogn/net_qhead.pth", "AFINE_stage2_nlogn/net_dhead.pth"],
    ],
    ids=["the folder of all", "a folder each", "files"],
)
def test_a_stage_may_start_from_the_authors_files(released: Path, places: list[str]):
    check_released(load_stage([str(released / place) for place in places], trained=ALL_PARTS))


def test_a_stage_may_start_from_a_run_and_a_file_of_the_authors(released: Path, tmp_path: Path):
    stage = load_stage(str(released), trained=ALL_PARTS)
    first = {name: value for name, value in stage.state_dict().items() if not name.startswith("fidelity")}
    (tmp_path / "run").mkdir()
    save(tmp_path / "run/best.safetensors", first, model="afine", config={}, source_sha256=None)
    check_released(load_stage([str(tmp_path / "run"), str(released / "AFINE_stage2_nlogn")], trained=ALL_PARTS))


def test_parts_that_are_nowhere_are_told_from_those_that_were_taken(released: Path):
    clip = str(released / "AFINE_stage1_nlogn/clip_model.pth")
    stage, parts = load_parts(clip, trained=["encoder"], also=["naturalness_head"])
    assert parts == {"encoder"}
    assert torch.equal(
        stage.encoder.trunk.patch_embed.proj.weight, stage_tensors()["clip_model.pth"]["visual.conv1.weight"]
    )


def test_a_folder_that_lacks_a_file_names_it(released: Path):
    with raises(MissingWeightsError, "net_dhead.pth", "AFINE_stage1_nlogn"):
        load_stage(str(released / "AFINE_stage1_nlogn"), trained=ALL_PARTS)


def test_two_places_that_hold_different_parts_are_both_named(released: Path, tmp_path: Path):
    stage = load_stage(str(released), trained=ALL_PARTS)
    other = {**stage.state_dict(), "naturalness_head.output.bias": torch.ones(1)}
    save(tmp_path / "other.safetensors", other, model="afine", config={}, source_sha256=None)
    with raises(CheckpointError, "naturalness_head.output.bias", "other.safetensors", "net_qhead.pth"):
        load_stage([str(released), str(tmp_path / "other.safetensors")], trained=ALL_PARTS)


def test_the_clip_of_the_authors_files_is_found(released: Path):
    assert clip_of_start([str(released)]) == released / "AFINE_stage1_nlogn/clip_model.pth"
    assert clip_of_start(None) is None


@pytest.mark.parametrize("number", [2, 3])
def test_a_stage_over_a_random_trunk_is_refused(tmp_path: Path, number: int):
    config = find_recipe(f"afine-stage{number}").task.model_copy(update={"start": "none"})
    with raises(ConfigError, "--set task.start=FOLDER"):
        config.build(tmp_path)


@pytest.mark.parametrize("start", [None, "none"])
def test_clip_may_be_random(start: str | None):
    assert clip_file(start) is None


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("vit_base_patch32_clip_224.openai", CLIP_TIMM.local_filename),
        ("vit_base_patch32_clip_quickgelu_224.openai", CLIP_TIMM.local_filename),
        ("clip-vit-b32-openai", CLIP_ARCHIVE.filename),
    ],
)
def test_a_name_of_clip_is_its_file_on_this_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, file: str
):
    monkeypatch.setenv("ACUTANCE_WEIGHTS", str(tmp_path))
    (tmp_path / file).touch()
    assert clip_file(name) == tmp_path / file


def test_an_archive_that_is_not_here_says_where_it_is_to_be_had(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ACUTANCE_WEIGHTS", str(tmp_path))
    with raises(MissingWeightsError, "ViT-B-32.pt", "openaipublic.azureedge.net", "ACUTANCE_WEIGHTS"):
        clip_file("clip-vit-b32-openai")
