"""The rows of "A-FINE: training and testing" on files: each command as it stands there, over narrow blocks."""

import csv
import json
import os
import shlex
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import Tensor
from typer.testing import CliRunner, Result

import acutance
from acutance.cli.app import app
from acutance.images import read_image
from acutance.layers.images import to_batch
from acutance.models.afine import model
from acutance.models.afine.weights import SIZES
from acutance.training.systems import afine, afine_frozen
from tests.fakes.afine_stages import STAGES, narrow_afine, narrow_encoder, own_of, stage_tensors, write_stages
from tests.fakes.afine_training import write_triplet_set
from tests.fakes.clip_archive import state_dict_of
from tests.fakes.datasets.restored import write_sriqa_bench
from tests.integration.authors.table import code, commands, rows
from tests.raising import lacking

SECTION = "A-FINE: training and testing"
MODELS = Path("MODELS")
PRINTED = ("score", "adaptive", "fidelity", "naturalness", "reference_naturalness")


@pytest.fixture(scope="module")
def as_the_authors_have_it(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Released files, a pair of images, SRIQA-Bench, and triplets to train with."""
    root = tmp_path_factory.mktemp("authors")
    write_stages(root / MODELS)
    torch.save(dict(zip(PARTS, (tensors for tensors in stage_tensors().values()), strict=True)), root / "afine.pth")
    bare = write_stages(root / "bare", wrapped=None, change=_distribute, archive=False)
    (bare / "AFINE_stage1_nlogn").rename(root / "BARE")
    latest = root / "experiments/AFINE_stage1_nlogn/models"
    latest.mkdir(parents=True)
    for name in STAGES["AFINE_stage1_nlogn"]:
        shutil.copy(root / MODELS / "AFINE_stage1_nlogn" / name, latest / name.replace(".pth", "_latest.pth"))
    random = np.random.default_rng(1)
    write_sriqa_bench(root / "SRIQA-Bench")
    for path in [root / "DIS.png", root / "REF.png", *sorted((root / "SRIQA-Bench/images").rglob("*.png"))]:
        Image.fromarray(random.integers(0, 256, (32, 64, 3), dtype=np.uint8)).save(path)
    write_triplet_set(root / "DATA/set")
    return root


PARTS = ("finetuned_clip", "natural", "fidelity", "natural_scale", "fidelity_scale", "adapter")
"""What ``afine.pth`` calls the files, in their order."""


def _distribute(_: str, tensors: dict[str, Tensor]) -> None:
    for name in list(tensors):
        tensors[f"module.{name}"] = tensors.pop(name)


@pytest.fixture(autouse=True)
def place(as_the_authors_have_it: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where the commands run."""
    shutil.copytree(as_the_authors_have_it, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ACUTANCE_WEIGHTS", "")
    monkeypatch.setattr(model, "ClipImageEncoder", narrow_encoder)
    # of a text tower that no file gives 250 MB of zeros would be written
    for task in (afine, afine_frozen):
        kept = task.unused_of_clip
        monkeypatch.setattr(task, "unused_of_clip", lambda path, kept=kept: {} if path is None else kept(path))
    return tmp_path


def run(command: str, *more: str) -> Result:
    name, *arguments = shlex.split(command)
    assert name == "acutance"
    result: Result = CliRunner().invoke(app, [*arguments, *more])
    assert result.exit_code == 0, result.output
    return result


def scored(command: str) -> dict[str, Any]:
    (row,) = json.loads(run(command, "-f", "json", "--terms").stdout)
    return dict(row)


def pair() -> tuple[Tensor, Tensor]:
    distorted, reference = (to_batch([read_image(Path(f"{name}.png"))]) for name in ("DIS", "REF"))
    return distorted, reference


@torch.inference_mode()
def by_hand(
    parts: Mapping[str, Mapping[str, Tensor]] | None = None, pictures: tuple[Tensor, Tensor] | None = None
) -> dict[str, float]:
    """What the model with the released tensors, set by hand, says."""
    whole = own_of(parts or stage_tensors(), narrow_afine()).eval()
    return {name: float(value) for name, value in whole.terms(*(pictures or pair())).items()}


def over_untouched_clip() -> dict[str, Mapping[str, Tensor]]:
    """The released tensors with OpenAI's CLIP."""
    clip = {name: value.float() for name, value in state_dict_of(MODELS / "CLIP/ViT-B-32.pt").items()}
    return {**stage_tensors(), "clip_model.pth": clip}


def whole(ours: str) -> None:
    for command in commands(ours):
        got = scored(command)
        assert {name: got[name] for name in PRINTED} == pytest.approx({name: by_hand()[name] for name in PRINTED}, 1e-5)


def naturalness(ours: str) -> None:
    """The raw term; without stage 3 the calibrator has the authors' first values."""
    (command,) = commands(ours)
    assert scored(command)["raw_naturalness"] == pytest.approx(by_hand()["raw_naturalness"], 1e-5)


def fidelity(ours: str) -> None:
    (command,) = commands(ours)
    got, wanted = scored(command), by_hand()
    assert (got["raw_fidelity"], got["score"]) == pytest.approx((wanted["raw_fidelity"], wanted["fidelity"]), 1e-5)


def loaded(ours: str) -> None:
    (line,) = code(ours)
    half = eval(line, {"acutance": acutance})  # noqa: S307 (a line of the guide)
    assert float(half.terms(pair()[0])["raw_naturalness"]) == pytest.approx(by_hand()["raw_naturalness"], 1e-5)


def merged_as_published(ours: str) -> None:
    (command,) = commands(ours)
    published = torch.load("afine.pth", weights_only=True)
    Path("afine.pth").unlink()
    run(command)
    merged = torch.load("afine.pth", weights_only=True)
    assert {part: set(tensors) for part, tensors in merged.items()} == {
        part: set(tensors) for part, tensors in published.items()
    }
    for part, tensors in published.items():
        for name, tensor in tensors.items():
            assert torch.equal(merged[part][name], tensor), name


def merged(ours: str) -> None:
    (command,) = commands(ours)
    run(command)
    got = scored("acutance score DIS.png -r REF.png -m afine --weights afine.safetensors")
    assert got["score"] == pytest.approx(by_hand()["score"], 1e-6)
    assert Path("afine.safetensors").stat().st_size < Path("afine.pth").stat().st_size


def trained(command: str, *more: str) -> tuple[Path, str]:
    """The run of a command on a small table for two steps that change nothing; its folder and what it said."""
    rate = "optimizer.learning_rate=1e-30", "optimizer.weight_decay=0", "schedule.weights=[1,1,1,1]", "schedule.floor=0"
    loop = "loop.iterations=2", "loop.batch_size=2", "loop.validate_every=2", "loop.workers=0", "loop.device=cpu"
    data = 'task.data.sources=[{"dataset": "set/rated.csv"}]'
    settings = [part for value in (*rate, *loop, data, *more) for part in ("--set", value)]
    result = run(command, *settings)
    folder = Path(shlex.split(command)[shlex.split(command).index("-o") + 1])
    return folder, result.output + (folder / "train.log").read_text()


def stage_1(ours: str) -> None:
    (command,) = commands(ours)
    folder, said = trained(command)
    clip = torch.load(folder / "published/clip_model.pth", weights_only=True)
    openais = {name: value.float() for name, value in state_dict_of(MODELS / "CLIP/ViT-B-32.pt").items()}
    assert set(clip) == set(stage_tensors()["clip_model.pth"])
    assert all(torch.equal(value.float(), openais[name].reshape(value.shape)) for name, value in clip.items())
    head = torch.load(folder / "published/net_qhead.pth", weights_only=True)
    assert {name: value.shape for name, value in head["params"].items()} == {
        name: value.shape for name, value in stage_tensors()["net_qhead.pth"].items()
    }
    provenance = acutance.load(str(folder)).provenance
    assert provenance is not None
    assert list(provenance.trunk_sha256 or {}) == ["ViT-B-32.pt"]
    assert not lacking(said, "40d365715913c9da98579312b702a82c18be219cc2a73407c4526f58beba950af")  # it is another one


def from_timm(ours: str) -> None:
    (command,) = commands(ours)
    clip = state_dict_of(MODELS / "CLIP/ViT-B-32.pt")
    Path("WEIGHTS").mkdir()
    whole = {name: value.float().contiguous() for name, value in clip.items() if name not in SIZES}  # as the hub has it
    save_file(whole, "WEIGHTS/vit_base_patch32_clip_224.openai.safetensors")
    os.environ["ACUTANCE_WEIGHTS"] = "WEIGHTS"  # the fixture has set it, and sets it back
    folder, _ = trained(command)
    own = load_file(folder / "best.safetensors")
    assert torch.equal(own["encoder.trunk.blocks.3.mlp.fc1.weight"], by_name(clip, 3, "mlp.c_fc.weight"))


def by_name(clip: Mapping[str, Tensor], block: int, name: str) -> Tensor:
    return clip[f"visual.transformer.resblocks.{block}.{name}"].float()


def at_random(ours: str) -> None:
    (command,) = commands(ours)
    folder, said = trained(command)
    assert len([line for line in said.splitlines() if "task.start is none" in line]) >= 1
    assert (folder / "best.safetensors").is_file()


def stage_2(ours: str) -> None:
    (command,) = commands(ours)
    folder, _ = trained(command, "task.augment=false")
    own, theirs = load_file(folder / "best.safetensors"), stage_tensors()
    assert torch.equal(
        own["encoder.trunk.blocks.3.mlp.fc1.weight"], by_name(theirs["clip_model.pth"], 3, "mlp.c_fc.weight")
    )
    assert torch.equal(own["naturalness_head.hidden.bias"], theirs["net_qhead.pth"]["proj_head.0.bias"])
    head = torch.load(folder / "published/net_dhead.pth", weights_only=True)
    assert {name: value.shape for name, value in head["params"].items()} == {
        name: value.shape for name, value in theirs["net_dhead.pth"].items()
    }


def stage_2_over_untouched_clip(ours: str) -> None:
    (command,) = commands(ours)
    folder, _ = trained(command, "task.augment=false")
    own, clip = load_file(folder / "best.safetensors"), over_untouched_clip()["clip_model.pth"]
    assert torch.equal(own["encoder.trunk.blocks.3.mlp.fc1.weight"], by_name(clip, 3, "mlp.c_fc.weight"))
    half = acutance.load(str(folder))
    assert half.provenance is not None
    assert half.provenance.model == "afine-fidelity"


def stage_3(ours: str) -> None:
    (command,) = commands(ours)
    folder, said = trained(command, "task.augment=false")
    theirs, published = stage_tensors(), torch.load(folder / "published/afine.pth", weights_only=True)
    for part, file in zip(PARTS[:3], theirs, strict=False):
        assert set(published[part]) == set(theirs[file])
        for name, tensor in theirs[file].items():
            assert torch.equal(published[part][name], tensor), name
    assert (float(published["natural_scale"]["yita3"]), float(published["adapter"]["k"])) == pytest.approx((4.9592, 5))
    assert "zero" not in said  # the text tower is that of clip_model.pth


def one_after_the_other(ours: str) -> None:
    """The stages from OpenAI's archive to one file, each from the run before."""
    (command,) = commands(ours)
    flow = {
        theirs: commands(cell)[0]
        for theirs, cell in rows(SECTION).items()
        if theirs.startswith("`train_AFINE") and "-o runs/stage" in cell
    }
    first, second, third = flow.values()
    trained(first)
    trained(with_start(second, "runs/stage1"), "task.augment=false")
    trained(with_start(third, "runs/stage2"), "task.augment=false")
    names = {path.name for path in Path("runs").glob("*/published/*.pth")}
    assert names == {"afine.pth", *(name for files in STAGES.values() for name in files)}
    run(command)
    own, run_of_3 = load_file("own.safetensors"), load_file("runs/stage3/best.safetensors")
    assert set(own) == set(run_of_3)
    assert all(torch.equal(value, run_of_3[name]) for name, value in own.items())


def with_start(command: str, start: str) -> str:
    return f"{command} --set task.start={start}"


def accuracy(command: str) -> dict[str, dict[str, float]]:
    """The scores of a test by image and term, after it has given an accuracy on all pairs."""
    result = run(command, "--allow-missing")
    folder = Path(shlex.split(command)[shlex.split(command).index("-o") + 1])
    assert "accuracy" in result.output
    with (folder / "scores/sriqa_bench.csv").open() as file:
        found = list(csv.DictReader(file))
    assert len(found) == 22
    numbers = ("raw_naturalness", "raw_fidelity", "adaptive")
    return {row["image"]: {name: float(row[name]) for name in numbers if row.get(name)} for row in found}


def on_sriqa(term: str, parts: Callable[[], Mapping[str, Mapping[str, Tensor]]] | None = None) -> Callable[[str], None]:
    def row(ours: str) -> None:
        *before, command = commands(ours)
        for each in before:
            run(each)
        scores = accuracy(command)
        name = next(image for image in scores if image.endswith("online15_SwinIRx4.png"))
        original = next(path for path in Path("SRIQA-Bench").rglob("online15_Original.png") if "LR" not in str(path))
        picture = next(Path("SRIQA-Bench/images").rglob("online15_SwinIRx4.png"))
        images = (to_batch([read_image(picture)]), to_batch([read_image(original)]))
        assert scores[name][term] == pytest.approx(by_hand(parts() if parts else None, images)[term], 1e-4)

    return row


ALL = "what the stages save: `net_qhead`, `clip_model`; `net_dhead`; `net_finalscore`, `net_scale_nr`, `net_scale_fr`"
ROWS: dict[str, Callable[[str], None]] = {
    "`python afine.py --pretrain_CLIP_path ViT-B-32.pt --afine_path afine.pth --dis_img_path DIS.png "
    "--ref_img_path REF.png`": whole,
    "what it prints: A-FINE scaled score, A-FINE score, fidelity term, naturalness term of the distorted and of the "
    "reference image": whole,
    "`clip_model.pth`, `net_qhead.pth`, `net_dhead.pth`, `net_scale_nr.pth`, `net_scale_fr.pth`, `net_finalscore.pth` "
    "in the folders of their stages": whole,
    "stage 1 alone: `clip_model.pth`, `net_qhead.pth`": naturalness,
    "stage 2 alone: `finetune_CLIP_path: clip_model.pth`, `net_dhead.pth`": fidelity,
    "`param_key_qhead: params`, `strict_load_qhead: True`, names with `module.`": naturalness,
    "`experiments/AFINE_stage1_nlogn/models`: `clip_model_latest.pth`, `net_qhead_latest.pth`": naturalness,
    '`net_qhead.load_state_dict(torch.load("net_qhead.pth")["params"])`': loaded,
    "`python merge_afine.py --finetune_CLIP_path clip_model.pth --qhead_path net_qhead.pth --dhead_path net_dhead.pth "
    "--scale_fr_path net_scale_fr.pth --scale_nr_path net_scale_nr.pth --lambdaK_path net_finalscore.pth --save_path "
    "afine.pth`": merged_as_published,
    "the same, smaller, without CLIP's text tower": merged,
    "`train_AFINE_stage1_nlogn.yml`, `pretrain_CLIP_path: ViT-B-32.pt`, `mode: Original`": stage_1,
    "the same CLIP without OpenAI's file": from_timm,
    "no CLIP at all: a random backbone": at_random,
    "`train_AFINE_stage2_nlogn.yml`, `mode: finetune`, `finetune_CLIP_path: AFINE_stage1_nlogn/clip_model.pth`": (
        stage_2
    ),
    "`train_AFINE_stage2_nlogn.yml`, `mode: Original`": stage_2_over_untouched_clip,
    "`train_AFINE_stage3_nlogn.yml`, `pretrain_network_qhead`, `pretrain_network_dhead`, `finetune_CLIP_path`": stage_3,
    ALL: one_after_the_other,
    "`test_AFINE_stage1_nlogn.yml`, `mode: finetune`": on_sriqa("raw_naturalness"),
    "`test_AFINE_stage2_nlogn.yml`, `mode: finetune`": on_sriqa("raw_fidelity"),
    "`test_AFINE_stage3_nlogn.yml`, `mode: finetune`": on_sriqa("adaptive"),
    "`mode: Original` in a test: heads over the untouched CLIP": on_sriqa("raw_naturalness", over_untouched_clip),
}
"""What each row promises."""


@pytest.mark.parametrize("theirs", ROWS)
def test_a_row_does_what_it_says(theirs: str):
    ROWS[theirs](rows(SECTION)[theirs])
