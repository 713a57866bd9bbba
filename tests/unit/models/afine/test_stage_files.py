"""The authors' files of single stages as weights of A-FINE and of its halves."""

import itertools
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from acutance import load
from acutance.errors import CheckpointError, MissingWeightsError
from acutance.models.afine import model
from acutance.models.afine.weights import find_stages, read_naturalness
from tests.fakes.afine_stages import (
    FILES,
    SCALARS,
    narrow_afine,
    narrow_encoder,
    own_of,
    stage_tensors,
    write_stages,
)
from tests.raising import raises

PAIR = (torch.rand(1, 3, 64, 96, generator=torch.Generator().manual_seed(0)), torch.full((1, 3, 64, 96), 0.4))


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model, "ClipImageEncoder", narrow_encoder)


@pytest.fixture(scope="module")
def as_released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_stages(tmp_path_factory.mktemp("released"))


@pytest.fixture
def released(as_released: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(as_released, tmp_path / "pretrained_models"))


def flat(released: Path, folder: Path, *names: str) -> Path:
    """Some of the files in one folder."""
    folder.mkdir()
    for name in names or FILES:
        (source,) = released.glob(f"*/{name}")
        (folder / name).write_bytes(source.read_bytes())
    return folder


def scores(name: str, weights: Path) -> dict[str, float]:
    loaded = load(name, weights)
    pair = PAIR if loaded.needs_reference else PAIR[:1]
    return {term: float(value) for term, value in loaded.terms(*pair).items()}


def wanted() -> dict[str, float]:
    """What a model with these tensors says, set by hand."""
    whole = own_of(stage_tensors(), narrow_afine()).eval()
    return {term: float(value) for term, value in whole.terms(*PAIR).items()}


@torch.inference_mode()
@pytest.mark.parametrize("wrapped", ["params", "params_ema", None])
def test_six_files_are_the_whole_model(tmp_path: Path, wrapped: str | None):
    released = write_stages(tmp_path / "released", wrapped=wrapped, archive=False)
    got = scores("afine", flat(released, tmp_path / "all"))
    assert got == wanted()


@torch.inference_mode()
def test_folders_of_stages_in_one_folder_are_the_whole_model(released: Path):
    assert scores("afine", released) == wanted()


@torch.inference_mode()
def test_names_that_begin_with_module_are_read(tmp_path: Path):
    def distribute(name: str, tensors: dict[str, Tensor]) -> None:
        for key in list(tensors):
            tensors[f"module.{key}"] = tensors.pop(key)

    assert scores("afine", write_stages(tmp_path / "released", change=distribute, archive=False)) == wanted()


@torch.inference_mode()
def test_the_naturalness_half_needs_clip_and_its_head_alone(released: Path, tmp_path: Path):
    half = scores("afine-naturalness", flat(released, tmp_path / "stage1", "clip_model.pth", "net_qhead.pth"))
    assert half["raw_naturalness"] == wanted()["raw_naturalness"]
    first = 4 * torch.sigmoid((torch.tensor(half["raw_naturalness"]) - 4.9592) / 21.5968) - 2
    assert half["score"] == pytest.approx(float(first), abs=1e-6)


@torch.inference_mode()
def test_the_naturalness_half_takes_its_calibrator_where_it_is(released: Path):
    assert scores("afine-naturalness", released)["score"] == wanted()["naturalness"]


@torch.inference_mode()
def test_the_fidelity_half_needs_clip_and_its_head_alone(released: Path, tmp_path: Path):
    half = scores("afine-fidelity", flat(released, tmp_path / "stage2", "clip_model.pth", "net_dhead.pth"))
    assert half["raw_fidelity"] == wanted()["raw_fidelity"]
    first = 4 * torch.sigmoid((torch.tensor(half["raw_fidelity"]) - 0.5) / 0.15) - 2
    assert half["score"] == half["fidelity"] == pytest.approx(float(first), abs=1e-6)


@torch.inference_mode()
def test_the_fidelity_half_takes_its_calibrator_where_it_is(released: Path):
    assert scores("afine-fidelity", released)["score"] == wanted()["fidelity"]


@torch.inference_mode()
def test_without_a_finetuned_clip_the_archive_stands_for_it(released: Path):
    (released / "AFINE_stage1_nlogn/clip_model.pth").unlink()
    clip = {name: value.half().float() for name, value in stage_tensors(7)["clip_model.pth"].items()}
    original = own_of({**stage_tensors(), "clip_model.pth": clip}, narrow_afine()).eval()
    assert scores("afine", released) == {term: float(value) for term, value in original.terms(*PAIR).items()}


def test_the_end_of_a_training_by_the_authors_is_found(released: Path):
    stage = released / "AFINE_stage1_nlogn"
    (stage / "models").mkdir()
    (stage / "net_qhead.pth").rename(stage / "models/net_qhead_latest.pth")
    assert find_stages([released])["net_qhead.pth"].name == "net_qhead_latest.pth"


def test_a_file_by_itself_goes_before_that_of_a_folder(released: Path):
    archive = released / "CLIP/ViT-B-32.pt"
    assert find_stages([released])["clip_model.pth"].name == "clip_model.pth"
    assert find_stages([released, archive])["clip_model.pth"] == archive


def test_provenance_has_the_checksum_of_each_file(released: Path):
    provenance = load("afine-naturalness", released).provenance
    assert provenance is not None
    assert (provenance.weights, provenance.weights_sha256) == ("pretrained_models", None)
    assert provenance.trunk_sha256 is not None
    assert set(provenance.trunk_sha256) == {"clip_model.pth", "net_qhead.pth", "net_scale_nr.pth"}
    assert {len(digest) for digest in provenance.trunk_sha256.values()} == {64}


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_missing_is_named(released: Path, tmp_path: Path, name: str):
    folder = flat(released, tmp_path / "lacking", *(other for other in FILES if other != name))
    with raises(MissingWeightsError, name, "lacking"):
        load("afine", folder)


KEYS = {
    "clip_model.pth": "visual.class_embedding",
    "net_qhead.pth": "proj_feat.weight",
    "net_dhead.pth": "alpha",
    "net_scale_nr.pth": "yita3",
    "net_scale_fr.pth": "yita3",
    "net_finalscore.pth": "k",
}
"""A name that each file holds."""


@pytest.mark.parametrize(("name", "other"), list(itertools.permutations(FILES, 2)))
def test_a_file_in_the_place_of_another_is_named_with_its_key(released: Path, name: str, other: str):
    (path,), (source,) = (list(released.glob(f"*/{each}")) for each in (name, other))
    path.write_bytes(source.read_bytes())
    with raises(CheckpointError, name, KEYS[name]):
        load("afine", released)


def test_calibrators_that_were_exchanged_are_refused(tmp_path: Path):
    def exchange(name: str, tensors: dict[str, Tensor]) -> None:
        for one, other in (("nr", "natural_scale"), ("fr", "fidelity_scale")):
            if name != f"net_scale_{one}.pth" and name.startswith("net_scale"):
                tensors.update({key: torch.tensor(SCALARS[f"{other}.{key}"]) for key in tensors})

    with raises(CheckpointError, "net_scale_fr.pth", "yita3", 3):
        load("afine", write_stages(tmp_path / "released", change=exchange, archive=False))


@pytest.mark.parametrize("name", FILES)
def test_a_truncated_file_is_named(released: Path, name: str):
    (path,) = released.glob(f"*/{name}")
    path.write_bytes(path.read_bytes()[:-30])
    with raises(CheckpointError, name):
        load("afine", released)


Change = Callable[[dict[str, Tensor]], Any]


@pytest.mark.parametrize(
    ("change", "key"),
    [
        (lambda tensors: tensors.pop("alpha"), "alpha"),
        (lambda tensors: tensors.update(gamma=torch.ones(1)), "gamma"),
        (lambda tensors: tensors.update(alpha=torch.ones(1, 1, 7)), "alpha"),
        (lambda tensors: tensors["beta"].fill_(float("nan")), "beta"),
        (lambda tensors: tensors["std"].fill_(0.5), "fidelity.std"),
        (lambda tensors: tensors.update(alpha=torch.ones(1, 1, 147, dtype=torch.int8)), "alpha"),
    ],
    ids=["missing", "unexpected", "another shape", "not finite", "another constant", "not floats"],
)
def test_a_wrong_key_is_named_with_its_file(tmp_path: Path, change: Change, key: str):
    def spoil(name: str, tensors: dict[str, Tensor]) -> None:
        if name == "net_dhead.pth":
            change(tensors)

    with raises(CheckpointError, "net_dhead.pth", key):
        load("afine", write_stages(tmp_path / "released", change=spoil, archive=False))


def test_weights_of_another_model_in_the_place_of_a_head_are_refused(released: Path):
    torch.save({"fc.weight": torch.ones(2)}, released / "AFINE_stage1_nlogn/net_qhead.pth")
    with raises(CheckpointError, "net_qhead.pth", "fc.weight"):
        load("afine", released)


def test_two_files_of_one_name_are_both_named(released: Path):
    (released / "other").mkdir()
    (released / "other/net_dhead.pth").touch()
    with raises(CheckpointError, "other/net_dhead.pth", "AFINE_stage2_nlogn/net_dhead.pth"):
        load("afine", released)


def test_nothing_of_files_that_are_not_needed_is_read(released: Path):
    (released / "AFINE_stage2_nlogn/net_dhead.pth").write_bytes(b"damaged")
    assert load("afine-naturalness", released).provenance is not None


@pytest.mark.parametrize("name", [*FILES, "ViT-B-32.pt"])
def test_one_file_alone_is_no_weights_and_names_its_key_and_the_folder(released: Path, name: str):
    (path,) = released.glob(f"*/{name}")
    with raises(CheckpointError, path, "finetuned_clip.visual.class_embedding", "afine.pth", "folder"):
        load("afine", path)


def test_a_published_file_with_a_wrong_key_is_named_with_it(released: Path, tmp_path: Path):
    parts = dict(zip(FILES.values(), stage_tensors().values(), strict=True))
    del parts["adapter"]
    torch.save(parts, tmp_path / "afine.pth")
    with raises(CheckpointError, tmp_path / "afine.pth", "adapter.k"):
        load("afine", tmp_path / "afine.pth")


def test_a_file_of_another_model_beside_the_others_is_named_with_a_key(released: Path):
    torch.save({"res.conv1.weight": torch.ones(2)}, released / "koniq_pretrained.pkl")
    with raises(CheckpointError, "koniq_pretrained.pkl", "res.conv1.weight"):
        find_stages([released, released / "koniq_pretrained.pkl"])


def test_the_other_calibrator_in_place_of_the_naturalness_one_is_refused_by_its_name(released: Path):
    (naturalness,), (fidelity,) = (list(released.glob(f"*/net_scale_{kind}.pth")) for kind in ("nr", "fr"))
    content = fidelity.read_bytes()
    naturalness.unlink()
    with raises(CheckpointError, "net_scale_nr.pth", "net_scale_fr.pth"):
        read_naturalness([released, fidelity])
    naturalness.symlink_to(fidelity)
    with raises(CheckpointError, "net_scale_nr.pth", "net_scale_fr.pth"):
        read_naturalness([released])
    naturalness.unlink()
    naturalness.write_bytes(content)
    assert len(read_naturalness([released, naturalness, fidelity])) == 3
