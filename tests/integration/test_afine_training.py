"""A-FINE's stages one after the other with the real encoder, through recipes, runs and published files."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from acutance import load
from acutance.errors import CheckpointError
from acutance.images import read_image
from acutance.layers.images import to_batch
from acutance.models.afine import model
from acutance.training.config import TrainConfig, with_settings
from acutance.training.recipes import find_recipe
from acutance.training.run import train
from acutance.training.run_folder import RunFolder
from acutance.training.start import load_stage
from tests.fakes.afine_checkpoint import layout
from tests.fakes.afine_training import tiny_encoder, write_triplet_set
from tests.raising import raises

RUNS = ("stage1", "stage2", "stage3")


def run(config: TrainConfig, folder: Path) -> RunFolder:
    return train(
        lambda: config.task.build(folder),
        optimizer=config.optimizer,
        schedule=config.schedule,
        loop=config.loop,
        folder=folder,
        config=config.model_dump(mode="json"),
    )


def small(recipe: TrainConfig, table: Path, **settings: object) -> TrainConfig:
    """The recipe on a small table for one epoch."""
    length = ("loop.iterations=null", "loop.epochs=1", "loop.validate_every=1")
    loop = (*length, "loop.batch_size=4", "loop.workers=0", "loop.device=cpu")
    given = [f"task.{name}={json.dumps(value)}" for name, value in settings.items()]
    data = f"task.data.sources={json.dumps([{'dataset': str(table)}])}"
    return with_settings(recipe, [*loop, data, *given])


@pytest.fixture(scope="module", params=["tiny", pytest.param("real", marks=pytest.mark.slow)])
def runs(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The three stages: a tiny encoder from random weights, the real one from the CLIP of the golden weights."""
    root = tmp_path_factory.mktemp(f"{request.param}_runs")
    table = write_triplet_set(root / "set")
    start = None if request.param == "tiny" else str(request.getfixturevalue("afine_pth"))
    with pytest.MonkeyPatch.context() as patch:
        if start is None:
            patch.setattr(model, "ClipImageEncoder", tiny_encoder)
        run(small(find_recipe("afine-stage1"), table, start=start), root / "stage1")
        run(small(find_recipe("afine-stage2"), table, start=str(root / "stage1"), augment=False), root / "stage2")
        run(
            small(find_recipe("afine-stage3"), table, start=str(root / "stage2"), clip=start, augment=False),
            root / "stage3",
        )
        yield root


real_alone = pytest.mark.parametrize("runs", [pytest.param("real", marks=pytest.mark.slow)], indirect=True)
"""The published layout has the sizes of the real encoder."""


def weights(folder: Path) -> dict[str, Tensor]:
    tensors: dict[str, Tensor] = load_file(folder / "best.safetensors")
    return tensors


def published(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = torch.load(path, weights_only=True)
    return content


def pair(runs: Path) -> tuple[Tensor, Tensor]:
    distorted, reference = (to_batch([read_image(runs / f"set/{name}.png")]) for name in ("c_noise3", "c"))
    return distorted, reference


def equal(first: Mapping[str, Tensor], second: Mapping[str, Tensor]) -> bool:
    return set(first) == set(second) and all(torch.equal(first[name], second[name]) for name in first)


def test_stage_1_scores_as_the_no_reference_half(runs: Path):
    trained = load(str(runs / "stage1"))
    assert trained.provenance is not None
    assert (trained.provenance.model, trained.needs_reference) == ("afine-naturalness", False)
    assert -2 < float(trained(pair(runs)[0])) < 2


def test_stage_3_scores_as_afine(runs: Path):
    trained = load(str(runs / "stage3"))
    assert trained.provenance is not None
    assert trained.provenance.model == "afine"
    assert 0 < float(trained(*pair(runs))) < 100


@real_alone
def test_the_merged_file_scores_as_the_run(runs: Path):
    trained = load(str(runs / "stage3"))
    merged = load("afine", runs / "stage3/published/afine.pth")
    terms, theirs = trained.terms(*pair(runs)), merged.terms(*pair(runs))
    assert {name: value.tolist() for name, value in terms.items()} == {
        name: value.tolist() for name, value in theirs.items()
    }


def test_each_stage_keeps_what_the_stages_before_it_trained(runs: Path):
    first, second, third = (weights(runs / name) for name in RUNS)
    for name, value in first.items():
        if not name.startswith("naturalness_calibrator"):
            assert torch.equal(value, second[name]), name
            assert torch.equal(value, third[name]), name
    assert torch.equal(second["fidelity_head.alpha"], third["fidelity_head.alpha"])
    assert not torch.equal(second["adapter.k"], third["adapter.k"])


@real_alone
def test_all_published_files_have_the_layout(runs: Path, afine_pth: Path):
    merged = published(runs / "stage3/published/afine.pth")
    shapes = {f"{part}.{name}": tuple(value.shape) for part, each in merged.items() for name, value in each.items()}
    assert shapes == layout()
    before = torch.load(afine_pth, weights_only=True, mmap=True)["finetuned_clip"]
    assert torch.equal(merged["finetuned_clip"]["text_projection"], before["text_projection"])
    assert not torch.equal(merged["finetuned_clip"]["visual.conv1.weight"], before["visual.conv1.weight"])


def test_the_files_of_the_stages_are_the_parts_of_the_merged_one(runs: Path):
    merged = published(runs / "stage3/published/afine.pth")
    parts = {
        "natural": "stage1/published/net_qhead.pth",
        "fidelity": "stage2/published/net_dhead.pth",
        "fidelity_scale": "stage3/published/net_scale_fr.pth",
        "natural_scale": "stage3/published/net_scale_nr.pth",
        "adapter": "stage3/published/net_finalscore.pth",
    }
    for part, place in parts.items():
        assert equal(published(runs / place)["params"], merged[part]), part
    assert equal(published(runs / "stage1/published/clip_model.pth"), merged["finetuned_clip"])


def test_a_configuration_of_a_run_can_be_read_again(runs: Path):
    for name in RUNS:
        fields = json.loads((runs / name / "config.json").read_text())
        assert TrainConfig.model_validate(fields).model_dump(mode="json") == fields


def test_a_stage_may_start_from_a_run_or_its_file(runs: Path):
    for start in (runs / "stage2", runs / "stage2/best.safetensors"):
        stage = load_stage(str(start), trained=("encoder", "fidelity_head"))
        assert torch.equal(stage.fidelity_head.alpha, weights(runs / "stage2")["fidelity_head.alpha"])


def test_a_stage_that_is_left_out_is_one_clear_line(runs: Path):
    with raises(CheckpointError, "fidelity_head.alpha", "stage1", "task.start"):
        load_stage(str(runs / "stage1"), trained=("encoder", "fidelity_head"))
