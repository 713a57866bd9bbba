"""A-FINE's files as its authors write them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from acutance import load
from acutance.catalog import find_model
from acutance.errors import CheckpointError, MissingWeightsError
from acutance.layers.clip import ClipImageEncoder
from acutance.models.afine.model import AFINE
from acutance.models.afine.weights import clip_tensors, start_clip
from acutance.models.entry import weights_of
from acutance.models.weights_file import open_weights, own_tensors
from acutance.training.publish import (
    lacks_of_clip,
    merge,
    publish_stage1,
    publish_stage2,
    publish_stage3,
    unused_of_clip,
)
from tests.fakes.afine_checkpoint import layout
from tests.fakes.clip_archive import write_archive
from tests.raising import raises

IMAGE_TOWER = "visual."


@pytest.fixture(scope="module")
def published(afine_pth: Path) -> dict[str, dict[str, Tensor]]:
    whole: dict[str, dict[str, Tensor]] = torch.load(afine_pth, weights_only=True, mmap=True)
    return whole


@pytest.fixture(scope="module")
def own(afine_pth: Path) -> Mapping[str, Tensor]:
    return load("afine", afine_pth).state_dict()


def encoder_of(path: Path) -> Mapping[str, Tensor]:
    encoder = ClipImageEncoder()
    start_clip(encoder, path)
    return encoder.state_dict()


def shapes_of(part: str) -> dict[str, tuple[int, ...]]:
    return {name.partition(".")[2]: shape for name, shape in layout().items() if name.startswith(f"{part}.")}


def read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = torch.load(path, weights_only=True)
    return content


def same(first: Mapping[str, Tensor], second: Mapping[str, Tensor]) -> bool:
    return set(first) == set(second) and all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.slow
@pytest.mark.parametrize(
    "kind", ["whole", "image tower alone", "half precision with three sizes", "half, an archive", "afine.pth"]
)
def test_clip_starts_from_every_file_that_holds_its_image_tower(
    tmp_path: Path, afine_pth: Path, published: dict[str, dict[str, Tensor]], own: Mapping[str, Tensor], kind: str
):
    clip, path = dict(published["finetuned_clip"]), tmp_path / "clip.pth"
    if kind == "image tower alone":
        clip = {name: value for name, value in clip.items() if name.startswith(IMAGE_TOWER)}
    if kind.startswith("half precision"):
        clip = {name: value.half() for name, value in clip.items()}
        clip |= {name: torch.tensor(224) for name in ("input_resolution", "context_length", "vocab_size")}
    if kind == "half, an archive":
        path = tmp_path / "ViT-B-32.pt"
        write_archive(path, clip)
        assert set(clip_tensors(path)) == set(clip)
    else:
        torch.save(clip, path)
    started = encoder_of(afine_pth if kind == "afine.pth" else path)
    tolerance = 1e-3 if kind.startswith("half") else 0.0
    for name, value in started.items():
        torch.testing.assert_close(value, own[f"encoder.{name}"], rtol=tolerance, atol=tolerance)


def test_a_clip_that_lacks_a_tensor_is_refused(tmp_path: Path, published: dict[str, dict[str, Tensor]]):
    clip = {name: value for name, value in published["finetuned_clip"].items() if name != "visual.conv1.weight"}
    torch.save(clip, tmp_path / "clip.pth")
    with raises(CheckpointError, 1, "visual.conv1.weight"):
        encoder_of(tmp_path / "clip.pth")


@pytest.mark.slow
def test_a_clip_that_is_not_there_says_how_to_get_it(tmp_path: Path):
    with raises(MissingWeightsError, "ViT-B/32", "clip.pth"):
        encoder_of(tmp_path / "clip.pth")


@pytest.mark.slow
def test_a_file_that_wants_to_run_code_says_what_to_use_instead(tmp_path: Path):
    torch.save({"program": print}, tmp_path / "clip.pth")
    with raises(CheckpointError, "clip.pth", "print", "ViT-B-32.pt"):
        encoder_of(tmp_path / "clip.pth")


def test_the_three_sizes_of_openais_archive_are_no_tensors_of_clip(tmp_path: Path):
    torch.save({"visual.proj": torch.ones(2), "vocab_size": torch.tensor(1)}, tmp_path / "clip.pth")
    assert list(clip_tensors(tmp_path / "clip.pth")) == ["visual.proj"]


def test_what_afine_does_not_use_is_kept_as_it_was(afine_pth: Path, published: dict[str, dict[str, Tensor]]):
    rest = unused_of_clip(afine_pth)
    assert len(rest) == 302 - 149
    assert all(torch.equal(value, published["finetuned_clip"][name]) for name, value in rest.items())


def test_what_is_not_known_of_clip_is_zero_in_its_own_shape():
    shapes = shapes_of("finetuned_clip")
    for name, value in unused_of_clip(None).items():
        assert (tuple(value.shape), value.count_nonzero().item()) == (shapes[name], 0), name


def test_stage_1_writes_the_authors_two_files(
    tmp_path: Path, afine_pth: Path, published: dict[str, dict[str, Tensor]], own: Mapping[str, Tensor]
):
    head, clip = publish_stage1(own, unused_of_clip(afine_pth), tmp_path)
    assert (head.name, clip.name) == ("net_qhead.pth", "clip_model.pth")
    assert list(read(head)) == ["params"]
    assert same(read(head)["params"], published["natural"])
    assert same(read(clip), published["finetuned_clip"])


def test_stage_2_writes_the_authors_file(
    tmp_path: Path, published: dict[str, dict[str, Tensor]], own: Mapping[str, Tensor]
):
    (path,) = publish_stage2(own, tmp_path)
    assert path.name == "net_dhead.pth"
    assert same(read(path)["params"], published["fidelity"])


def test_stage_3_writes_the_authors_three_files_of_single_numbers(
    tmp_path: Path, published: dict[str, dict[str, Tensor]], own: Mapping[str, Tensor]
):
    parts = {"net_finalscore.pth": "adapter", "net_scale_nr.pth": "natural_scale", "net_scale_fr.pth": "fidelity_scale"}
    paths = publish_stage3(own, tmp_path)
    assert {path.name for path in paths} == set(parts)
    for path in paths:
        assert same(read(path)["params"], published[parts[path.name]])
        assert all(value.ndim == 0 for value in read(path)["params"].values())


@pytest.mark.parametrize("with_clip", [True, False])
def test_the_merged_file_has_the_published_layout_and_is_read_as_it(
    tmp_path: Path, afine_pth: Path, own: Mapping[str, Tensor], *, with_clip: bool
):
    path = merge(own, unused_of_clip(afine_pth if with_clip else None), tmp_path / "afine.pth")
    whole = read(path)
    shapes = {
        f"{part}.{name}": tuple(value.shape) for part, tensors in whole.items() for name, value in tensors.items()
    }
    assert shapes == layout()
    assert {value.dtype for tensors in whole.values() for value in tensors.values()} == {torch.float32}
    again = own_tensors(open_weights(weights_of(find_model("afine")), path), own)
    assert same(again, own)


def test_the_files_of_all_stages_together_are_the_merged_file(
    tmp_path: Path, afine_pth: Path, own: Mapping[str, Tensor]
):
    rest = unused_of_clip(afine_pth)
    for paths in (publish_stage1(own, rest, tmp_path), publish_stage2(own, tmp_path), publish_stage3(own, tmp_path)):
        assert all(path.parent == tmp_path for path in paths)
    merged = read(merge(own, rest, tmp_path / "afine.pth"))
    for part, name in {
        "natural": "net_qhead",
        "fidelity": "net_dhead",
        "fidelity_scale": "net_scale_fr",
        "natural_scale": "net_scale_nr",
        "adapter": "net_finalscore",
    }.items():
        assert same(read(tmp_path / f"{name}.pth")["params"], merged[part])
    assert same(read(tmp_path / "clip_model.pth"), merged["finetuned_clip"])


def test_weights_that_are_published_can_be_trained_on(own: Mapping[str, Tensor], tmp_path: Path):
    model = AFINE(ClipImageEncoder(embed_dim=48, depth=2, num_heads=3))
    (path,) = publish_stage2(model.state_dict(), tmp_path)
    alpha = read(path)["params"]["alpha"]
    with torch.no_grad():
        model.fidelity_head.alpha.zero_()
    assert alpha.count_nonzero() == alpha.numel() == 3 + 2 * 48


def test_a_file_that_lacks_the_text_tower_is_told_from_one_that_holds_it(
    tmp_path: Path, afine_pth: Path, published: dict[str, dict[str, Tensor]]
):
    clip = published["finetuned_clip"]
    torch.save({name: value for name, value in clip.items() if name.startswith(IMAGE_TOWER)}, tmp_path / "image.pth")
    assert [lacks_of_clip(path) for path in (None, tmp_path / "image.pth", afine_pth)] == [True, True, False]


def test_a_file_without_anything_of_clip_is_refused(tmp_path: Path):
    torch.save({"layer": torch.zeros(2)}, tmp_path / "other.pth")
    with raises(CheckpointError, "ViT-B/32", "other.pth"):
        lacks_of_clip(tmp_path / "other.pth")
