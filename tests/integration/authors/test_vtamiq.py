"""Each row of the guide for users of VTAMIQ's code does what it promises, on small files in their layout."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from acutance.images import read_image
from acutance.layers.images import to_batch
from acutance.models.vtamiq.entry import KADIS700K_VIEWS, PAPER_VIEWS
from acutance.models.vtamiq.model import VTAMIQ
from acutance.models.vtamiq.preprocess import VTAMIQViews
from acutance.models.vtamiq.weights import HEAD, KADIS700K, PAPER, VTAMIQConfig
from acutance.training.systems.vtamiq import foreign_state
from acutance.weights.foreign import read_pytorch
from tests.fakes.datasets.catalogue import FAKES
from tests.fakes.datasets.files import write_images, write_lines
from tests.fakes.vtamiq_checkpoint import small_vit_archive
from tests.integration.authors.commands import configuration, invoke, options_of, run, sets, value, with_content
from tests.integration.authors.table import commands, row_of, rows
from tests.unit.datasets.test_kadis_scores import write_scores

ROWS = rows("VTAMIQ")
SMALL: dict[str, Any] = {
    "width": 64,
    "heads": 1,
    "mlp_width": 64,
    "layers": 1,
    "groups": 1,
    "blocks": 1,
    "reduction": 4,
}
VIT = "imagenet21k+imagenet2012_ViT-B_16.npz"
TINY = sets(
    [
        *(f"task.model.{name}={size}" for name, size in SMALL.items()),
        *("task.draws.patches=4", "task.validation.patches=4", "task.validation.repeats=1"),
        *("loop.epochs=1", "loop.batch_size=8", "loop.workers=0", "loop.device=cpu", "task.start=none"),
    ]
)
"""A training of a second; a row that names where to start appends that again."""
OWN_PARTS = sets(["task.data.allow_missing=true", "task.data.protocol=own", "task.data.validation_share=0.4"])
"""The fakes have too few references for 6:2:2."""


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ACUTANCE_WEIGHTS", "")


def fake(name: str, folder: str) -> None:
    """A small dataset in its published layout, every image with content."""
    FAKES[name].write(Path(folder))
    if name == "live":  # 779 images; an eighth will do
        distorted = sorted(path for path in Path(folder).rglob("*.bmp") if path.parent.name != "refimgs")
        for place, path in enumerate(distorted):
            if place % 8:
                path.unlink()
    with_content(Path(folder))


def network(state: Any, views: Any = None) -> VTAMIQ:
    torch.manual_seed(3)
    return VTAMIQ(VTAMIQConfig.model_validate({**state, **SMALL}), VTAMIQViews(**(views or {}))).eval()


def checkpoint(name: str, model: VTAMIQ) -> VTAMIQ:
    """A file as ``train.py`` of the authors saves it."""
    tensors = foreign_state(model.state_dict(), model.configuration)
    torch.save({"epoch": 3, "SROCC": 0.9, "model_state_dict": tensors}, name)
    return model


def tid2013(references: int = 25) -> None:
    """All references of TID2013, two images of each."""
    names = [f"I{scene:02d}_01_{level}.bmp" for scene in range(1, references + 1) for level in (1, 2)]
    write_images(Path("tid2013/distorted_images"), names)
    write_images(Path("tid2013/reference_images"), [f"I{scene:02d}.BMP" for scene in range(1, references + 1)])
    lines = [f"{6 - 0.03 * place:.2f} {name}" for place, name in enumerate(names)]
    write_lines(Path("tid2013/mos_with_names.txt"), lines)
    write_lines(Path("tid2013/mos_std.txt"), ["0.1" for _ in names])
    with_content(Path("tid2013"))


def pair() -> None:
    write_images(Path("dist"), ["a.png", "b.png"])
    write_images(Path("ref"), ["a.png", "b.png"])
    with_content(Path("dist"), 40)
    with_content(Path("ref"), 40)


def scored(command: str, model: VTAMIQ) -> None:
    """The scores that a command prints are those of a model."""
    printed = json.loads(run(command, ["--format", "json"]).stdout)
    for row in printed:
        images = [to_batch([read_image(row[name])]) for name in ("image", "reference")]
        with torch.no_grad():
            assert row["score"] == pytest.approx(float(model(*images)), rel=1e-5)
    assert len(printed) == 2


def trained(folder: str) -> dict[str, Any]:
    """The configuration of a run that is whole."""
    assert (Path(folder) / "best.safetensors").is_file()
    assert len(json.loads((Path(folder) / "metrics.json").read_text())["epochs"]) == 1
    return dict(json.loads((Path(folder) / "config.json").read_text()))


def evaluated(folder: str = "results") -> dict[str, Any]:
    """The metrics of the one evaluation of a folder."""
    results = json.loads((Path(folder) / "eval_results.json").read_text())
    (found,) = results["datasets"].values()
    return dict(found["metrics"])


def start_from_the_vit(ours: str) -> None:
    fake("live", "LIVE")
    archive = small_vit_archive(mlp_width=64, layers=2)
    np.savez(VIT, **archive)  # type: ignore[arg-type]
    (command,) = commands(ours)
    slow = sets([f"task.start={VIT}", "optimizer.learning_rate=1e-12", "optimizer.weight_decay=0"])
    run(command, [*TINY, *OWN_PARTS, *slow])
    tensors = read_pytorch(Path("runs/live/published/best.pth"), ["epoch", "SROCC"])
    assert trained("runs/live")["task"]["start"] == VIT
    np.testing.assert_allclose(
        tensors["model_state_dict.transformer.embeddings.patch_embeddings.weight"],
        archive["embedding/kernel"].transpose(3, 2, 0, 1),
        atol=1e-6,
    )


def run_custom(ours: str) -> None:
    tid2013()
    split, train, evaluate = commands(ours)
    run(split, ["--allow-missing"])
    run(train, [*TINY, *sets(["task.data.allow_missing=true"])])
    run(evaluate, ["--allow-missing", "--draws", "0"])
    references = json.loads(Path("split.json").read_text())
    assert [len(references[part]) for part in ("train", "validation", "test")] == [15, 5, 5]
    assert trained("runs/tid2013")["optimizer"]["learning_rate"] == 1e-4
    assert evaluated()["num_samples"] == 10


def run_multi(ours: str) -> None:
    fake("live", "LIVE")
    (command,) = commands(ours)
    run(command, [*TINY, *sets(["task.data.allow_missing=true"]), "--repeats", "2"])
    with Path("runs/live/runs.csv").open() as file:
        assert len(list(csv.DictReader(file))) == 2
    summary = json.loads(Path("runs/live/summary.json").read_text())
    assert {"mean", "median", "std"} == set(summary["srcc"])
    assert {"srcc", "krcc", "plcc", "rmse"} <= set(summary)
    assert json.loads(Path("runs/live/config.json").read_text())["schedule"]["milestones"] == [10, 15]


def go_on_from_a_checkpoint(ours: str) -> None:
    fake("csiq", "CSIQ")
    before = checkpoint("best.pth", network(HEAD)).state_dict()
    (command,) = commands(ours)
    frozen = sets(["task.start=best.pth", "optimizer.learning_rate=1e-12", "optimizer.weight_decay=0"])
    run(command, [*TINY, *OWN_PARTS, *frozen])
    after = read_pytorch(Path("runs/csiq/published/best.pth"), ["epoch", "SROCC"])
    name = "model_state_dict.q_predictor.4.weight"
    torch.testing.assert_close(after[name], before["predictor.output.weight"], atol=1e-6, rtol=0)


def evaluate_a_checkpoint(dataset: str, folder: str, pictures: int) -> Callable[[str], None]:
    def check(ours: str) -> None:
        fake(dataset, folder)
        checkpoint("best.pth", network(HEAD))
        (command,) = commands(ours)
        run(command, ["--allow-missing", "--draws", "0"])
        assert evaluated()["num_samples"] == pictures

    return check


def score_a_checkpoint(file: str, state: Any, views: Any) -> Callable[[str], None]:
    def check(ours: str) -> None:
        pair()
        model = checkpoint(file, network(state, views))
        (command,) = commands(ours)
        scored(command, model)

    return check


def leave_a_checkpoint(ours: str) -> None:
    fake("live", "LIVE")
    (command,) = commands(ours)
    run(command, [*TINY, *OWN_PARTS])
    saved = torch.load("runs/live/published/best.pth", weights_only=True)
    assert {"epoch", "SROCC", "model_state_dict"} == set(saved)
    assert {"quality_decoder.0.body.0.body.2.weight", "diff_scale.gamma"} <= set(saved["model_state_dict"])
    pair()
    run("acutance score dist -r ref -m vtamiq-head --weights runs/live/published/best.pth")


def evaluate_the_latest(ours: str) -> None:
    fake("live", "LIVE")
    run("acutance train vtamiq-live -o runs/live --set task.data.root=LIVE", [*TINY, *OWN_PARTS])
    (command,) = commands(ours)
    run(command, ["--allow-missing", "--draws", "0"])
    assert evaluated()["num_samples"] > 10


def show_its_size(ours: str) -> None:
    (command,) = commands(ours)
    said = run(command).stdout
    assert all(fact in said for fact in ("57,322,386", "multiply-adds"))


def draw_patches(ours: str) -> None:
    pair()
    (command,) = commands(ours)
    run(command, ["--dpi", "40"])
    assert Path("patches.png").read_bytes().startswith(b"\x89PNG")


def train_on(dataset: str, folder: str, run_folder: str) -> Callable[[str], None]:
    def check(ours: str) -> None:
        fake(dataset, folder)
        (command,) = commands(ours)
        run(command, [*TINY, *OWN_PARTS])
        assert trained(run_folder)["task"]["data"]["dataset"] == dataset

    return check


def train_on_kadis(ours: str) -> None:
    fake("kadis700k", "kadis700k/kadis700k")
    write_scores(Path("kadis700k/scores.csv"))
    (command,) = commands(ours)
    run(command, [*TINY, *OWN_PARTS])
    assert trained("runs/kadis700k")["task"]["kadis_metric"] == "vsi"


def train_on_preferences(ours: str) -> None:
    fake("pieapp", "PieAPP_dataset")
    (command,) = commands(ours)
    run(command, TINY)
    assert trained("runs/pieapp")["task"]["kind"] == "vtamiq_preferences"


def score_what_has_no_opinions(ours: str) -> None:
    fake("pipal", "PIPAL")
    checkpoint("best.pth", network(HEAD))
    (command,) = commands(ours)
    run(command)
    with Path("scores.csv").open() as file:
        found = {Path(row["image"]).name: Path(row["reference"]).name for row in csv.DictReader(file)}
    assert found == dict.fromkeys(("A0210_00_01.bmp", "A0210_01_00.bmp"), "A0210.bmp")


def show_another_model(ours: str) -> None:
    (command,) = commands(ours)
    assert "HyperIQA" in run(command).stdout


PROGRAMS: dict[str, Callable[[str], None]] = {
    "`ViT-B_16.npz`": start_from_the_vit,
    "`python run_custom.py`": run_custom,
    "`python run_multi.py`": run_multi,
    '`load_checkpoint_file="best.pth"`': go_on_from_a_checkpoint,
    "`custom_test()`": evaluate_a_checkpoint("pieapp", "PieAPP_dataset", 4),
    "`test_custom_vtamiq()`": evaluate_a_checkpoint("csiq", "CSIQ", 57),
    "`best.pth` and `latest.pth`": score_a_checkpoint("best.pth", HEAD, {}),
    "the same of the code of 2021": score_a_checkpoint("best2021.pth", PAPER, PAPER_VIEWS),
    "the checkpoint of April 2022": score_a_checkpoint("vtamiq.kadis700k.pth", KADIS700K, KADIS700K_VIEWS),
    "what `train.py` writes": leave_a_checkpoint,
    "`test_use_latest`": evaluate_the_latest,
    "`print_flops`, `print_params`": show_its_size,
    "`figures/patch_sampling.png`": draw_patches,
    "`DATASET_TID2013`": train_on("tid2013", "tid2013", "runs/tid2013"),
    "`DATASET_TID2008`": train_on("tid2008", "tid2008", "runs/tid2008"),
    "`DATASET_LIVE`": train_on("live", "LIVE", "runs/live"),
    "`DATASET_CSIQ`": train_on("csiq", "CSIQ", "runs/csiq"),
    "`DATASET_KADID10K`": train_on("kadid10k", "kadid10k", "runs/kadid10k"),
    "`DATASET_PIPAL`": train_on("pipal", "PIPAL", "runs/pipal"),
    "`DATASET_KADIS700k`": train_on_kadis,
    "`DATASET_PIEAPP_TRAIN`": train_on_preferences,
    "`DATASET_PIEAPP_TEST`": evaluate_a_checkpoint("pieapp", "PieAPP_dataset", 4),
    "`DATASET_PIPAL_VAL`": score_what_has_no_opinions,
    "`DATASET_KONIQ10K`": show_another_model,
}
"""What each row with commands promises, by how the row begins."""
SETTINGS: dict[str, dict[str, object]] = {
    "`num_epochs`": {"loop.epochs": 20},
    "`optimizer` ": {"optimizer.kind": "sgd"},
    "`optimizer_learning_rate`": {"optimizer.learning_rate": 1e-4},
    "`optimizer_weight_decay`": {"optimizer.weight_decay": 0.01},
    "`optimizer_sgd_momentum`": {"optimizer.momentum": 0.9},
    '`scheduler_type="multistep"`': {"schedule": {"kind": "steps", "milestones": [10, 15], "factor": 0.1}},
    '`scheduler_type="lambda"`': {"schedule": {"kind": "exponential", "final": 0.01}},
    "`optimizer_learning_rate_decay_lambda=0.85`": {"schedule": {"kind": "exponential", "final": 0.0388}},
    '`scheduler_type="cosine"`': {"schedule": {"kind": "cosine", "floor": 5e-7, "length": None}},
    "`weight_mae_loss`": {"task.weights": {"absolute": 1, "rank": 1, "correlation": 0.2}},
    "`seed`": {"loop.seed": 1},
    "`no_cuda`": {"loop.device": "cpu"},
    "`dataloader_num_workers`": {"loop.workers": 8},
    "`grad_scale`": {"loop.precision": "bfloat16"},
    "`checkpoint_every_n_batches`": {"loop.checkpoint_every": 3000},
    "`BATCH_SIZE`": {"loop.batch_size": 20},
    "`PATCH_COUNT` of training": {"task.draws.patches": 256},
    "`PATCH_COUNT` of validation": {"task.validation.patches": 1024},
    "`num_repeats_val`": {"task.validation.repeats": 4},
    "`PATCH_FLIP`": {"task.draws.horizontal_flip": 0, "task.draws.vertical_flip": 0},
    "`centerbias_weight`": {"task.draws.centre": 2, "task.draws.difference": 5, "task.draws.uniform": 0.25},
    '"a measure of perceptual difference': {"task.draws.difference_map": "ssim"},
    "`grid_type` `GRID_TYPE_PERTURBED_SIMPLE`": {"task.draws.protocol": "grid"},
    "`grid_type` `GRID_TYPE_HALTON`": {"task.draws.protocol": "context-aware", "task.draws.points": "perturbed"},
    "sampling of 2021": {"task.draws.sampler": "independent"},
    "`patch_num_scales`": {"task.model.scales": 5},
    "`normalize_imagenet`": {"task.model.pixels": "imagenet"},
    "`SPLIT_TYPE_RANDOM`": {"task.data.protocol": "vtamiq", "task.data.seed": 1},
    "`SPLIT_TYPE_INDICES`": {"task.data.split": "split.json"},
    "`freeze_vtamiq`": {"task.frozen_epochs": 2},
    "`allow_pretrained_vit=False`": {"task.start": "none"},
    "`num_keep_layers`": {"task.model.layers": 12},
    "`variant`": {"task.model.width": 1024, "task.model.heads": 16, "task.model.mlp_width": 4096},
    "`num_extra_tokens`": {"task.model.registers": 0},
    "`use_layer_scale`": {"task.model.layer_gains": False},
    "`num_adapters`": {"task.model.adapters": 1},
    "`num_rgs`": {"task.model.groups": 4},
    "`num_rcabs`": {"task.model.blocks": 4},
    "`ca_reduction`": {"task.model.reduction": 8},
    "`rg_path_drop`": {"task.model.group_drop": 0.1},
    "`predictor_dropout`": {"task.model.predictor_dropout": 0.2},
    "`dropout` (2021)": {"task.model.embedding_dropout": 0.2, "task.model.mlp_dropout": 0.1},
    "`calibrate`": {"task.model.decoder": False},
    "`diff_scale`": {"task.model.difference_gain": False},
    "`use_diff_embedding`": {"task.model.difference_embedding": True},
    "KADIS-700k's column of scores": {"task.kadis_metric": "vsi"},
}
"""What each row with settings makes of a recipe, by how the row begins."""
TOGETHER = ("`optimizer` ", '`scheduler_type="multistep"`', '"a measure of', "`patch_num_scales`", "`num_adapters`")


def row(begins: str) -> str:
    return row_of(ROWS, begins)


@pytest.mark.parametrize("begins", PROGRAMS)
def test_a_program_or_file_of_theirs_has_its_equal(begins: str):
    PROGRAMS[begins](row(begins))


@pytest.mark.parametrize("begins", SETTINGS)
def test_a_setting_of_theirs_has_its_equal(begins: str):
    config = configuration("vtamiq-tid2013", options_of(row(begins)))
    for name, wanted in SETTINGS[begins].items():
        found = value(config, name)
        if isinstance(wanted, dict):
            assert isinstance(found, dict)
            assert {key: found[key] for key in wanted} == wanted
        else:
            assert found == wanted


def test_settings_of_theirs_train_together():
    fake("csiq", "CSIQ")
    chosen = [word for begins in TOGETHER for word in options_of(row(begins))]
    run("acutance train vtamiq-csiq -o runs/csiq --set task.data.root=CSIQ", [*TINY, *OWN_PARTS, *chosen])
    assert trained("runs/csiq")["task"]["draws"]["difference_map"] == "ssim"


def test_the_stages_follow_each_other_by_the_authors_files():
    """ViT from Google's archive, KADIS-700k, PieAPP, then LIVE: each starts from the ``best.pth`` before."""
    np.savez(VIT, **small_vit_archive(mlp_width=64, layers=2))  # type: ignore[arg-type]
    fake("kadis700k", "kadis700k/kadis700k")
    write_scores(Path("kadis700k/scores.csv"))
    fake("pieapp", "PieAPP_dataset")
    fake("live", "LIVE")
    start = VIT
    for name in ("KADIS700k", "PIEAPP_TRAIN", "LIVE"):
        (command,) = commands(row(f"`DATASET_{name}`"))
        parts = [] if name == "PIEAPP_TRAIN" else OWN_PARTS
        run(command, [*TINY, *parts, *sets([f"task.start={start}"])])
        start = f"runs/{name.lower().removesuffix('_train')}/published/best.pth"
    pair()
    run(f"acutance score dist -r ref -m vtamiq-head --weights {start}")


@pytest.mark.parametrize("place", ["task.start", "--weights"])
@pytest.mark.parametrize("fault", ["truncated", "another model", "no file of weights"])
def test_a_wrong_file_is_one_line_with_its_name_and_nothing_is_written(place: str, fault: str):
    fake("csiq", "CSIQ")
    pair()
    checkpoint("best.pth", network(HEAD))
    content = Path("best.pth").read_bytes()
    if fault == "truncated":
        Path("best.pth").write_bytes(content[: len(content) // 2])
    elif fault == "another model":
        torch.save({"model_state_dict": {"conv1.weight": torch.zeros(3)}}, "best.pth")
    else:
        Path("best.pth").write_text("<html>")
    (train,) = commands(row('`load_checkpoint_file="best.pth"`'))
    (score,) = commands(row("`best.pth` and `latest.pth`"))
    more = [*TINY, *OWN_PARTS, *sets(["task.start=best.pth"])] if place == "task.start" else []
    result = invoke(train if more else score, more)
    *_, fault_line = result.stderr.splitlines()
    assert (result.exit_code, result.stderr.count("acutance: "), result.stdout) == (2, 1, "")
    named = ["best.pth", *(["conv1.weight"] if fault == "another model" else [])]
    assert all(name in fault_line for name in named), result.stderr
    assert not Path("runs").exists()


def test_every_row_has_its_test():
    begun = [*PROGRAMS, *SETTINGS]
    assert all(len([one for one in begun if theirs.startswith(one)]) == 1 for theirs in ROWS), [
        theirs for theirs in ROWS if len([one for one in begun if theirs.startswith(one)]) != 1
    ]
    assert len(begun) == len(ROWS)
