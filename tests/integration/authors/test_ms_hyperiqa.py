"""The rows of "MS-HyperIQA": each command and option as it stands there, on small files in the authors' layout."""

import argparse
import json
import os
import pickle
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from typer.testing import CliRunner, Result

import acutance
from acutance.cli.app import app
from acutance.models.hyperiqa.preprocess import CROP_SIDE
from acutance.training.data import TrainingTables, training_tables
from acutance.training.schedules import Place, rate_at
from acutance.training.settings import configuration
from acutance.weights.foreign import read_foreign
from acutance.weights.store import read_header
from tests.fakes.crop_trainings import rows_of
from tests.fakes.hyperiqa_checkpoint import golden, official_tensors, write_official
from tests.fakes.hyperiqa_projects import (
    TEST_SETS,
    TRAINING,
    with_tiny,
    write_metas,
    write_picture,
    write_resnet50,
    write_theirs,
)
from tests.integration.authors.table import commands, options, rows
from tests.raising import lacking

SECTION = "MS-HyperIQA"
BASE = ["train", "ms-hyperiqa", "--data", "datasets/metas/koniq_train.json", "--root", "datasets/", "-o", "RUN"]
"""What rows with options alone go behind."""
RESNET50 = "resnet50-19c8e357.pth"
FIRST = "network.backbone.trunk.conv1.weight"
FEW = ["--data", "datasets/metas/koniq_test.json", "--validation", "0.4"]
"""Two images to train with and one to validate, for backbones of the real size."""
STILL = ["--set", "optimizer.learning_rate=1e-30", "--set", "schedule.kind=constant", "--set", "loop.batch_size=2"]
"""A training that leaves what it starts from."""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What somebody has who used the reference code."""
    root = tmp_path_factory.mktemp("desk")
    write_metas(root / "datasets")
    write_picture(root / "photo.jpg", 7)
    write_resnet50(root / RESNET50)
    write_theirs(root / "theirs")
    write_official(root / "theirs/best_model.pkl", "ms_hyperiqa", "plain")
    write_theirs(root / "exp1")
    write_theirs(root / "exp2", better=0.05)
    return root


@pytest.fixture
def place(desk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """That folder, to be written into, as the current one."""
    for path in desk.iterdir():
        target = tmp_path / ("checkpoints/theirs" if path.name == "theirs" else path.name)
        target.parent.mkdir(exist_ok=True)
        target.symlink_to(path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ACUTANCE_WEIGHTS", "")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    return tmp_path


def run(words: list[str]) -> Result:
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    return result


def run_row(ours: str, *more: str) -> list[Result]:
    """The commands of a row, each with more words behind."""
    return [run([*shlex.split(command)[1:], *more]) for command in commands(ours)]


def trained(words: list[str], *more: str) -> Path:
    """The folder of a tiny training."""
    run(with_tiny(words, *more))
    return Path(words[words.index("-o") + 1])


def setting(**wanted: Any) -> Callable[[str], None]:
    """A row whose options become settings, after a training with them; ``__`` stands for a dot."""

    def check(ours: str) -> None:
        folder = trained([*BASE, *options(ours)])
        config = configuration(str(folder)).model_dump()
        for name, value in wanted.items():
            level: Any = config
            for part in name.split("__"):
                level = level[part]
            assert level == value, name

    return check


def tables_of(folder: Path) -> TrainingTables:
    task: Any = configuration(str(folder)).task
    return training_tables(task.data)


def the_list_as_it_is(ours: str) -> None:
    folder = trained(["train", "ms-hyperiqa", *options(ours), "-o", "RUN"])
    tables = tables_of(folder)
    items = json.loads(Path("datasets/metas/koniq_train.json").read_text())
    theirs = {item["image"]: float(item["score"]) for item in items}
    assert {row.image: row.mos for table in (tables.train, tables.validation) for row in table} == theirs


def basic_training(ours: str) -> None:
    (command,) = commands(ours)
    folder = trained(shlex.split(command)[1:])
    tables = tables_of(folder)
    assert (len(tables.train), len(tables.validation)) == (TRAINING - 1, 1)
    recorded = configuration(str(folder))
    assert (recorded.loop.batch_size, recorded.optimizer.learning_rate) == (96, 2e-5)
    assert recorded.task.model_dump()["validation_crops"] == 1  # what made it tiny; all else is the recipe's
    scored = json.loads(run(["score", "photo.jpg", "-m", str(folder), "-f", "json"]).stdout)
    assert np.isfinite(scored[0]["score"])


def advanced_training(ours: str) -> None:
    (command,) = commands(ours)
    words = shlex.split(command)[1:]
    shown = json.loads(run([*words, "--show"]).stdout)
    usual = json.loads(run([*BASE, "--show"]).stdout)
    assert shown["loop"].pop("save_all_epochs")
    assert not usual["loop"].pop("save_all_epochs")
    assert shown == usual  # they spell the defaults out
    folder = trained([*words, "--set", "loop.epochs=2"])
    assert folder == Path("checkpoints/my_experiment")
    assert {path.name for path in folder.glob("epoch_*")} == {"epoch_1.safetensors", "epoch_2.safetensors"}


def by_script(ours: str) -> None:
    shown = json.loads(run([*BASE, *options(ours), "--show"]).stdout)
    loop, optimizer, data = shown["loop"], shown["optimizer"], shown["task"]["data"]
    assert [loop[name] for name in ("batch_size", "epochs", "seed", "save_all_epochs")] == [64, 40, 123, True]
    assert (optimizer["learning_rate"], shown["schedule"]["floor"], data["validation_share"]) == (1e-5, 1e-7, 0.2)


def hyperiqa_on_the_list(ours: str) -> None:
    (command,) = commands(ours)
    folder = trained(shlex.split(command)[1:])
    assert configuration(str(folder)).task.kind == "hyperiqa"
    assert acutance.load(str(folder)).provenance.model == "hyperiqa"  # type: ignore[union-attr]


def complexity(ours: str) -> None:
    (result,) = run_row(ours)
    assert not lacking(result.stdout, "27,633,967", "multiply-adds", "224 x 224", "512 x 512")


def imagenet(ours: str) -> None:
    refused = CliRunner().invoke(app, BASE)
    assert refused.exit_code == 2
    assert not lacking(refused.stderr, "timm/resnet50.tv_in1k", "task.start=FILE", "task.start=none")
    assert not Path("RUN").exists()
    of_file, at_random = (options(piece) for piece in ours.split("a random backbone"))
    backbone = load_file(trained_whole(of_file) / "last.safetensors")[FIRST]
    assert torch.equal(backbone, torch.load(RESNET50, weights_only=True)["conv1.weight"])
    folder = trained([*BASE[:-1], "RANDOM", *at_random])
    assert "task.start=none" in (folder / "train.log").read_text()


def trained_whole(words: list[str]) -> Path:
    """The folder of a training of the real network, which leaves what it starts from."""
    quick = [word for setting in ("crops=1", "validation_crops=1") for word in ("--set", f"task.{setting}")]
    loop = [word for setting in ("epochs=1", "workers=0", "device=cpu") for word in ("--set", f"loop.{setting}")]
    start = [] if any(word.startswith("task.start=") for word in words) else ["--set", f"task.start={RESNET50}"]
    run([*BASE, *FEW, *quick, *loop, *STILL, *start, *words])
    return Path("RUN")


def rate(ours: str) -> None:
    setting(optimizer__learning_rate=1e-5, schedule__floor=1e-7)(ours)
    (row,) = rows_of(Path("RUN"))
    assert (row["learning_rate_backbone"], row["learning_rate_hyper"]) == pytest.approx((1e-5, 1e-4))


def rate_of_the_hyper_network(ours: str) -> None:
    setting(task__hyper_rate=5)(ours)
    (row,) = rows_of(Path("RUN"))
    assert row["learning_rate_hyper"] == pytest.approx(5 * row["learning_rate_backbone"])


def batch(ours: str) -> None:
    trained([*BASE, *options(ours)])
    assert rows_of(Path("RUN"))[0]["iteration"] == 2  # of 8 images and of 1


def epochs(ours: str) -> None:
    trained([*BASE, *options(ours)])
    assert [row["epoch"] for row in rows_of(Path("RUN"))] == [1, 2, 3, 4]


def validation_share(ours: str) -> None:
    folder = trained([*BASE, *options(ours)])
    tables = tables_of(folder)
    assert (len(tables.train), len(tables.validation)) == (TRAINING - 2, 2)


def seed(ours: str) -> None:
    setting(loop__seed=1, task__data__seed=1)(ours)
    held_out = []
    for folder in (Path("RUN"), trained([*BASE[:-1], "OTHER"])):
        tables = tables_of(folder)
        held_out.append({row.image for row in tables.validation})
    assert held_out[0] != held_out[1]


def loss(weight: float) -> Callable[[str], None]:
    def check(ours: str) -> None:
        trained([*BASE, *options(ours)])
        (row,) = rows_of(Path("RUN"))
        if weight:
            assert row["train_loss"] == pytest.approx(row["train_l1_loss"] + weight * row["train_rank_loss"], rel=1e-5)
        else:
            assert "train_rank_loss" not in row
            assert row["train_loss"] == row["train_l1_loss"]

    return check


def rates_of(ours: str, scale: float) -> list[float]:
    """The rate of each of the 30 epochs by a row's options, after a training with them."""
    folder = trained([*BASE, *options(ours)])
    config = configuration(str(folder))
    return [rate_at(config.schedule, 2e-5, Place(epoch, 30, 1), scale=scale) for epoch in range(30)]


def steps(ours: str) -> None:
    """Theirs after epoch e: a tenth each six epochs, one rate for all after the ninth."""
    wanted = [2e-5 / 10 ** (epoch // 6) * (1 if epoch > 8 else 10) for epoch in range(30)]
    assert rates_of(ours, 10) == pytest.approx(wanted)


def cosine(ours: str) -> None:
    parameter = torch.nn.Parameter(torch.zeros(()))
    optimizer = torch.optim.Adam([parameter], lr=2e-4)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=30, eta_min=2e-5 / 100)
    wanted = []
    for _ in range(30):
        wanted.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    assert rates_of(ours, 10) == pytest.approx(wanted, rel=1e-6)


def crops(ours: str) -> None:
    trained([*BASE, *options(ours), "--set", "loop.batch_size=9"])
    assert rows_of(Path("RUN"))[0]["iteration"] == 3


def validation_crops(ours: str) -> None:
    folder = trained([*BASE, *options(ours)])
    recorded = read_header(folder / "best.safetensors").options
    assert recorded is not None
    assert (recorded["protocol"], recorded["crops"]) == ("random", 3)


def one_crop_size(ours: str) -> None:
    assert "224" in ours
    assert CROP_SIDE == 224
    result = CliRunner().invoke(app, [*BASE, "--set", "task.patch_size=256"])
    assert (result.exit_code, lacking(result.stderr, "patch_size")) == (2, [])


def named_folder(ours: str) -> None:
    run(with_tiny([*BASE[:-2], *options(ours)]))
    assert Path("checkpoints/my_experiment/best.safetensors").is_file()


def every_epoch(ours: str) -> None:
    folder = trained_whole(options(ours))
    assert (folder / "epoch_1.safetensors").is_file()
    for name in ("best_model.pkl", "epoch_1.pkl"):
        theirs = read_foreign(folder / "published" / name)
        assert {key: list(value.shape) for key, value in theirs.items()} == golden("ms_hyperiqa")["layout"]


def configuration_again(ours: str) -> None:
    trained([*BASE[:-1], "checkpoints/ms"])
    run_row(ours)
    first, again = (load_file(f"checkpoints/{name}/last.safetensors") for name in ("ms", "again"))
    assert all(torch.equal(value, again[name]) for name, value in first.items())


def what_is_written(ours: str) -> None:
    folder = trained(BASE)
    theirs = json.loads(Path("checkpoints/theirs/metrics.json").read_text())["epochs"][0]
    assert set(theirs) <= set(rows_of(folder)[0])
    assert "epoch 1" in (folder / "train.log").read_text()


def training_on(ours: str) -> None:
    folder = trained_whole([*options(ours), "--set", "task.model.resize=[512,384]"])
    theirs = official_tensors("ms_hyperiqa", "plain")
    own = load_file(folder / "last.safetensors")
    assert torch.equal(own[FIRST], theirs["res.conv1.weight"])
    assert torch.equal(own["network.content.join.bias"], theirs["fusion_conv.0.bias"])


QUICK = ("--set", "ms-hyperiqa.protocol=random", "--set", "ms-hyperiqa.crops=1", "--draws", "0", "--device", "cpu")


def evaluated(*names: str) -> Callable[[str], None]:
    def check(ours: str) -> None:
        run_row(ours, *QUICK)
        found = json.loads(Path("results/eval_results.json").read_text())["datasets"]
        assert sorted(found) == sorted(names)
        for name, entry in found.items():
            items = json.loads(Path(f"datasets/metas/{name}.json").read_text())
            assert [one["ground_truth"] for one in entry["predictions"]] == [float(item["score"]) for item in items]
            assert entry["metrics"]["num_samples"] == len(items)
            assert all(np.isfinite(one["predicted"]) for one in entry["predictions"])

    return check


EVALUATE = shlex.split(
    "evaluate ms-hyperiqa --weights checkpoints/theirs/best_model.pkl --data datasets/metas/koniq_test.json "
    "--root datasets/ -o results --draws 0 --device cpu"
)


def crops_of_an_evaluation(ours: str) -> None:
    run([*EVALUATE, *options(ours)])
    described = json.loads(Path("results/eval_results.json").read_text())["provenance"]["koniq_test"]
    settings = described["models"][0]["preprocessing"]
    assert (settings["protocol"], settings["crops"], settings["resize"]) == ("random", 3, [512, 384])


def exported(ours: str) -> None:
    export, plain = options(ours)[:2], options(ours)[2:]
    run([*EVALUATE, *QUICK[:4], *export, *plain])
    theirs = json.loads(Path("eval_results.json").read_text())
    assert list(theirs) == ["model_path", "model_type", "eval_time", "patch_num", "datasets"]
    assert theirs["model_type"] == "MS-HyperIQA"
    entry = theirs["datasets"]["koniq_test"]
    assert set(entry) == {"metrics", "predictions"}
    predicted, truth = ([one[name] for one in entry["predictions"]] for name in ("predicted", "ground_truth"))
    assert entry["metrics"]["plcc"] == pytest.approx(float(np.corrcoef(predicted, truth)[0, 1]))
    own = json.loads(Path("results/eval_results.json").read_text())["datasets"]["koniq_test"]["metrics"]
    assert {name: own[name] for name in entry["metrics"]} == pytest.approx(entry["metrics"])


def one_picture(ours: str) -> None:
    (result,) = run_row(ours, "-f", "json", "-o", "scores.csv")
    described = json.loads(Path("scores.csv.provenance.json").read_text())["models"][0]
    assert (described["preprocessing"]["crops"], described["weights"]) == (25, "best_model.pkl")
    model = acutance.load("ms_hyperiqa", "checkpoints/theirs/best_model.pkl", protocol="random", crops=25, device="cpu")
    with Image.open("photo.jpg") as image, torch.inference_mode():
        pixels = torch.from_numpy(np.array(image.convert("RGB"))).permute(2, 0, 1)[None] / 255
        wanted = float(model(pixels))
    lines = Path("scores.csv").read_text().splitlines()
    assert float(lines[1].split(",")[lines[0].split(",").index("score")]) == pytest.approx(wanted, abs=1e-3)
    assert result.exit_code == 0


def drawn(*paths: str) -> Callable[[str], None]:
    def check(ours: str) -> None:
        results = run_row(ours)
        assert [result.stdout.strip() for result in results] == list(paths)
        for path in paths:
            start = {"png": b"\x89PNG", "pdf": b"%PDF", "svg": b"<?xml"}[path.rpartition(".")[2]]
            assert Path(path).read_bytes().startswith(start)
            if path.endswith("png"):
                with Image.open(path) as image:
                    assert image.info["dpi"] == pytest.approx((300, 300), abs=0.1)

    return check


def compared(path: str) -> Callable[[str], None]:
    def check(ours: str) -> None:
        drawn(path)(ours)
        (command,) = commands(ours)
        words = shlex.split(command)[1:]
        unlabelled = [word for at, word in enumerate(words) if "--labels" not in words[max(0, at - 1) : at + 1]]
        labelled = Path(path).read_bytes()
        run([*unlabelled, "--overwrite"])
        assert Path(path).read_bytes() != labelled
        refused = CliRunner().invoke(app, [*words, "--labels", "third", "--overwrite"])
        assert (refused.exit_code, lacking(refused.stderr, 2, 3)) == (2, [])

    return check


TRAIN = "`python train.py --dataset_root ../datasets/ --train_json ../datasets/metas/koniq_train.json`"
CHECKS: dict[str, Callable[[str], None]] = {
    '`metas/koniq_train.json`, a list of `{"image": ..., "score": ...}`': the_list_as_it_is,
    TRAIN: basic_training,
    "`python train.py ... --lr 2e-5 --lr_ratio 10 --batch_size 96 --epochs 30 --val_split 0.1 --loss_type combined "
    "--rank_loss_weight 0.3 --lr_schedule cosine --checkpoint_dir ../checkpoints/my_experiment "
    "--save_all_epochs`": advanced_training,
    "`scripts/train.sh 1e-5 64 40 0.2 123`": by_script,
    "`hyperIQA/train.py --train_json ../datasets/metas/koniq_train.json`": hyperiqa_on_the_list,
    "ImageNet weights of ResNet-50, `resnet50-19c8e357.pth`": imagenet,
    "`--lr 1e-5`": rate,
    "`--lr_ratio 5`": rate_of_the_hyper_network,
    "`--weight_decay 1e-4`": setting(optimizer__weight_decay=1e-4),
    "`--batch_size 8`": batch,
    "`--epochs 4`": epochs,
    "`--val_split 0.2`": validation_share,
    "`--seed 1`": seed,
    "`--loss_type l1`": loss(0),
    "`--loss_type combined`": loss(0.3),
    "`--rank_loss_weight 0.1`": loss(0.1),
    "`--lr_schedule step`": steps,
    "`--lr_schedule cosine`": cosine,
    "`--train_patch_num 3`, `--patch_num 3`": crops,
    "`--val_patch_num 3`": validation_crops,
    "`--patch_size 224`": one_crop_size,
    "gradient accumulation, which they advise where memory is short": setting(loop__accumulate=4),
    "`--checkpoint_dir ../checkpoints/my_experiment`": named_folder,
    "`--save_all_epochs`, `epoch_3.pkl`": every_epoch,
    "`Resize((512, 384))`, height first": setting(task__model__resize=(512, 384)),
    "`args.json`": configuration_again,
    "`metrics.json`, `train.log`": what_is_written,
    "training on from `best_model.pkl`": training_on,
    "`python evaluate.py --checkpoint_folder ../checkpoints/theirs/ --dataset_root ../datasets/ "
    "--datasets all`": evaluated(*TEST_SETS),
    "`python evaluate.py --model_path ../checkpoints/theirs/best_model.pkl --datasets koniq_test spaq_test`": evaluated(
        "koniq_test", "spaq_test"
    ),
    "`evaluate.py --patch_num 3`": crops_of_an_evaluation,
    "`evaluate.py --output_file eval_results.json`": exported,
    "`python demo.py --image_path photo.jpg --model_path ../checkpoints/theirs/best_model.pkl "
    "--num_patches 25`": one_picture,
    "`demo.py --measure_complexity --throughput_runs 100`": complexity,
    "`python visualize.py --mode training --input metrics.json --output ../results/figures/ --format png "
    "--dpi 300`": drawn("results/figures/training_curves.png"),
    "`visualize.py --format svg`": drawn("results/figures/training_curves.svg"),
    "`python visualize.py --mode evaluation --input eval_results.json --output ../results/figures/ "
    "--format pdf`": drawn("results/figures/evaluation_scatter.pdf", "results/figures/evaluation_metrics_bar.pdf"),
    "`python visualize.py --mode compare-training --input exp1/metrics.json exp2/metrics.json --labels "
    '"Baseline" "MS-HyperIQA" --output ../results/comparison/`': compared("results/comparison/compare_training.png"),
    "`python visualize.py --mode compare-eval --input exp1/eval_results.json exp2/eval_results.json --labels "
    '"Baseline" "MS-HyperIQA"`': compared("results/comparison/compare_evaluation.png"),
}


def test_every_row_has_its_check():
    assert list(rows(SECTION)) == list(CHECKS)


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize("theirs", rows(SECTION))
def test_a_row_does_what_it_says(theirs: str):
    CHECKS[theirs](rows(SECTION)[theirs])


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize("kind", ["model_state_dict", "parallel", "bare"])
def test_a_checkpoint_of_one_s_own_training_program_scores_as_the_bare_state_dict(kind: str):
    tensors: dict[str, Any] = official_tensors("ms_hyperiqa", "plain")
    beside = {"epoch": 3, "args": argparse.Namespace(lr=2e-5), "best_srcc": np.float64(0.9)}
    content = {
        "model_state_dict": {"model_state_dict": tensors, **beside},
        "parallel": {"state_dict": {f"module.{name}": value for name, value in tensors.items()}, **beside},
        "bare": {name: value for name, value in tensors.items() if not name.endswith("num_batches_tracked")},
    }[kind]
    torch.save(content, "own.pkl")
    models: list[Any] = [
        acutance.load("ms-hyperiqa", path) for path in ("own.pkl", "checkpoints/theirs/best_model.pkl")
    ]
    image = torch.rand(1, 3, 224, 224)
    with torch.inference_mode():
        first, second = (model.score_crops(image) for model in models)
    assert torch.equal(first, second)


class Harm:
    """What writes a file when it is unpickled."""

    def __reduce__(self) -> tuple[Callable[..., object], tuple[str]]:
        return os.mkdir, ("harm",)


def wrong_weights(kind: str) -> None:
    if kind == "another model's":
        write_official(Path("wrong.pkl"), "hyperiqa", "plain")
    elif kind == "cut short":
        Path("wrong.pkl").write_bytes(Path("checkpoints/theirs/best_model.pkl").read_bytes()[:1_000_000])
    elif kind == "with code":
        Path("wrong.pkl").write_bytes(pickle.dumps({"state_dict": Harm()}))
    else:
        torch.save({"res.conv1.weight": torch.ones(64, 3, 7, 7)}, "wrong.pkl")


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize(
    ("kind", "named"),
    [
        ("another model's", ("attention_p2.channel_attention.fc.0.weight", "conv1.0.bias")),
        ("cut short", ()),
        ("with code", ()),
        ("a part", ("attention_p2.channel_attention.fc.0.weight",)),
    ],
)
@pytest.mark.parametrize("where", ["score", "evaluate", "train"])
def test_a_wrong_file_of_weights_is_one_line_that_names_it(kind: str, named: tuple[str, ...], where: str):
    wrong_weights(kind)
    words = {
        "score": ["score", "photo.jpg", "-m", "ms-hyperiqa", "--weights", "wrong.pkl"],
        "evaluate": [word.replace("checkpoints/theirs/best_model.pkl", "wrong.pkl") for word in EVALUATE],
        "train": [*BASE, "--set", "task.start=wrong.pkl", "--set", "task.model.resize=[512,384]"],
    }[where]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 2, result.output
    line = result.stderr.splitlines()[-1]
    assert not lacking(line, "wrong.pkl", *named)
    assert not any(Path(name).exists() for name in ("harm", "RUN"))


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize(
    ("content", "named"),
    [
        ({"image": "koniq/images/koniq_test_0.png", "score": 1}, ()),
        ([{"path": "koniq/images/koniq_test_0.png", "score": 1}], ("item 1", "path")),
        ([{"image": "koniq/images/koniq_test_0.png", "score": "good"}], ("item 1", "good")),
        ([{"image": f"koniq/images/absent_{number}.png", "score": number} for number in range(4)], ("absent_0.png",)),
    ],
)
@pytest.mark.parametrize("verb", ["train", "evaluate"])
def test_a_wrong_list_is_one_line_that_names_it(content: object, named: tuple[str, ...], verb: str):
    Path("wrong.json").write_text(json.dumps(content))
    words = {"train": with_tiny(BASE), "evaluate": [*EVALUATE, *QUICK[:4]]}[verb]
    result = CliRunner().invoke(app, ["wrong.json" if "metas/" in word else word for word in words])
    assert result.exit_code in (1, 2), result.output
    assert not lacking(result.stderr, *(named if "absent_0.png" in named else ("wrong.json", *named)))
    assert not Path("RUN").exists()


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize(
    ("verb", "name", "named"),
    [("training", "eval_results.json", ()), ("evaluation", "metrics.json", ("model_type", "datasets", "epochs"))],
)
def test_one_file_of_results_for_the_other_is_one_line_that_names_it(verb: str, name: str, named: tuple[str, ...]):
    path = f"checkpoints/theirs/{name}"
    result = CliRunner().invoke(app, ["plot", verb, path, "-o", "figure.png"])
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert not lacking(result.stderr, path, *named)
    assert not Path("figure.png").exists()
