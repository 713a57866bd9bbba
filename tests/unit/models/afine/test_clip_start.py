"""CLIP's image tower from every kind of file that holds it, over an encoder of narrow blocks."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from acutance.errors import CheckpointError, MissingWeightsError
from acutance.models.afine.weights import clip_tensors, start_clip
from tests.fakes.afine_stages import narrow_afine, narrow_encoder, own_of, stage_tensors, timms
from tests.fakes.clip_archive import SIZES, write_archive
from tests.raising import raises

Tensors = dict[str, Tensor]


@pytest.fixture(scope="module")
def clip() -> Tensors:
    return {name: value.half() for name, value in stage_tensors(7)["clip_model.pth"].items()}


@pytest.fixture(scope="module")
def wanted(clip: Tensors) -> Tensors:
    """The encoder with these tensors, set by hand."""
    whole = {name: value.float() for name, value in clip.items()}
    return dict(own_of({**stage_tensors(), "clip_model.pth": whole}, narrow_afine()).encoder.state_dict())


def started(path: Path) -> Tensors:
    encoder = narrow_encoder()
    start_clip(encoder, path)
    return dict(encoder.state_dict())


WRITERS: dict[str, Callable[[Path, Tensors], None]] = {
    "state dict": lambda path, clip: torch.save(clip, path),
    "three sizes": lambda path, clip: torch.save({**clip, **dict.fromkeys(SIZES, torch.tensor(1))}, path),
    "image tower": lambda path, clip: torch.save({k: v for k, v in clip.items() if k.startswith("visual.")}, path),
    "params": lambda path, clip: torch.save({"params": clip}, path),
    "module": lambda path, clip: torch.save({f"module.{name}": value for name, value in clip.items()}, path),
    "afine.pth": lambda path, clip: torch.save({"finetuned_clip": clip, "adapter": {"k": torch.ones(())}}, path),
    "safetensors": lambda path, clip: save_file(clip, path),
    "timm": lambda path, clip: save_file(timms(clip), path),
    "archive": lambda path, clip: write_archive(path, clip),
}


@pytest.mark.parametrize("kind", WRITERS)
def test_every_file_that_holds_the_image_tower_starts_it(tmp_path: Path, clip: Tensors, wanted: Tensors, kind: str):
    WRITERS[kind](tmp_path / "clip", clip)
    got = started(tmp_path / "clip")
    assert all(torch.equal(got[name], value) for name, value in wanted.items())


def test_openais_names_are_given_to_timms_tensors(tmp_path: Path, clip: Tensors):
    WRITERS["timm"](tmp_path / "clip", clip)
    got = clip_tensors(tmp_path / "clip")
    assert set(got) == {name for name in clip if name.startswith("visual.")}
    assert all(torch.equal(value, clip[name].float().reshape(value.shape)) for name, value in got.items())


def test_the_archive_gives_its_text_tower_too(tmp_path: Path, clip: Tensors):
    write_archive(tmp_path / "ViT-B-32.pt", clip)
    got = clip_tensors(tmp_path / "ViT-B-32.pt")
    assert set(got) == set(clip)
    assert torch.equal(got["text_projection"], clip["text_projection"].float())


@pytest.mark.parametrize("kind", ["state dict", "archive", "timm"])
def test_a_truncated_clip_is_named_with_the_ways_out(tmp_path: Path, clip: Tensors, kind: str):
    path = tmp_path / "clip"
    WRITERS[kind](path, clip)
    path.write_bytes(path.read_bytes()[:-2000])
    with raises((CheckpointError), path, "ViT-B-32.pt", "vit_base_patch32_clip_224.openai", "none"):
        started(path)


@pytest.mark.parametrize(
    ("other", "key"),
    [
        ({"net_qhead": torch.ones(1)}, "net_qhead"),
        ({"conv1.weight": torch.ones(64, 3, 7, 7)}, "conv1.weight"),
        ({"visual.conv1.weight": torch.ones(64, 3, 7, 7)}, "visual.class_embedding"),
    ],
    ids=["a head", "a ResNet", "a part of CLIP"],
)
def test_another_network_is_refused_with_a_key(tmp_path: Path, other: Tensors, key: str):
    torch.save(other, tmp_path / "clip.pth")
    with raises(CheckpointError, "clip.pth", key, "ViT-B-32.pt"):
        started(tmp_path / "clip.pth")


def test_another_size_of_clip_is_refused_with_a_key(tmp_path: Path, clip: Tensors):
    wide = {**clip, "visual.conv1.weight": torch.ones(24, 3, 32, 32)}
    torch.save(wide, tmp_path / "ViT-L-14.pt")
    with raises(CheckpointError, "ViT-L-14.pt", "visual.conv1.weight"):
        started(tmp_path / "ViT-L-14.pt")


def test_a_clip_that_is_refused_leaves_the_encoder_as_it_was(tmp_path: Path, clip: Tensors):
    encoder = narrow_encoder()
    before = {name: value.clone() for name, value in encoder.state_dict().items()}
    torch.save({**clip, "visual.ln_pre.bias": torch.ones(7)}, tmp_path / "clip.pth")
    with raises(CheckpointError, "visual.ln_pre.bias"):
        start_clip(encoder, tmp_path / "clip.pth")
    assert all(torch.equal(value, before[name]) for name, value in encoder.state_dict().items())


def test_a_clip_that_is_not_there_is_named_with_the_ways_out(tmp_path: Path):
    with raises(MissingWeightsError, "ViT-B-32.pt", "vit_base_patch32_clip_224.openai", "none"):
        started(tmp_path / "nowhere.pt")
