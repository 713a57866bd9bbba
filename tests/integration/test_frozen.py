"""Every model of the catalogue, at its real size, is frozen as ``acutance.load`` gives it."""

import copy
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from acutance import list_models, load
from acutance.models.quality_model import QualityModel
from tests.contracts.quality_model import arguments, noisy, score, side, smooth_images
from tests.fakes import hyperiqa_checkpoint, vtamiq_checkpoint
from tests.fakes.training_loops import Parent, sha256_of_tensors, train_a_step

PUBLISHED = {
    "afine": "afine.pth",
    "afine-fidelity": "afine.pth",
    "afine-naturalness": "afine.pth",
    "ahiq": "AHIQ_vit_p8_epoch33-da3ea303.pth",
    "hyperiqa": "koniq_pretrained.pkl",
    "ms_hyperiqa": "ms_hyperiqa.pkl",
    "vtamiq-head": "vtamiq.head.pth",
}
"""Files in the folder of weights."""
WRITTEN: dict[str, Callable[[Path], None]] = {
    "hyperiqa-pyiqa": lambda path: hyperiqa_checkpoint.write_pyiqa(path, "plain"),
    "vtamiq-kadis700k": lambda path: vtamiq_checkpoint.write_published(path, "released2022"),
    "vtamiq-paper": lambda path: vtamiq_checkpoint.write_published(path, "paper2021"),
}
"""Files that are written for the test."""


def loaded(name: str, weights_folder: Path, folder: Path) -> QualityModel:
    if name in WRITTEN:
        WRITTEN[name](folder / "weights.pth")
        return load(name, folder / "weights.pth")
    return load(name, weights_folder / PUBLISHED[name] if name in PUBLISHED else None)


@pytest.mark.slow
@pytest.mark.parametrize("name", [entry.name for entry in list_models()])
def test_training_what_holds_it_changes_nothing(
    name: str, weights_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACUTANCE_WEIGHTS", str(weights_folder))
    model = loaded(name, weights_folder, tmp_path)
    pair = noisy(0.05, side(model)), smooth_images(side(model))
    before, tensors = score(model, *pair), sha256_of_tensors(model)
    parent = Parent(model).train()
    for _ in range(5):
        assert torch.equal(score(model, *pair), before)
    train_a_step(parent, *(images[:1] for images in arguments(model, *pair)))
    parent.half()
    assert sha256_of_tensors(model) == tensors
    assert torch.equal(score(copy.deepcopy(model), *pair), before)
    assert len(repr(model).splitlines()) == 1
