"""Each row of the guide for users of AHIQ's code does what it promises, on small files in their layout."""

import csv
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from acutance.cli.options import parse_options
from acutance.inspection import looked_at
from acutance.training.recipes.ahiq import PIPAL
from acutance.weights.foreign import read_pytorch
from tests.fakes.ahiq_checkpoint import write_backbones, write_official
from tests.fakes.datasets.catalogue import FAKES
from tests.fakes.datasets.files import write_images, write_lines
from tests.fakes.tiny_trainings import TINY_AHIQ
from tests.integration.authors.commands import configuration, invoke, options_of, run, sets, value, with_content
from tests.integration.authors.table import commands, row_of, rows

ROWS = rows("AHIQ")
BOOKKEEPING = ("epoch", "optimizer_state_dict", "scheduler_state_dict", "loss")
CHECKPOINT = "checkpoints/ahiq_pipal/epoch_33.pth"
LOOP = sets(["loop.epochs=1", "loop.batch_size=2", "loop.workers=0", "loop.device=cpu"])
RANDOM_TRUNKS = sets(["task.resnet=none", "task.vit=none"])
TINY = [*sets(f"task.model.{name}={size}" for name, size in TINY_AHIQ.items()), *LOOP, *RANDOM_TRUNKS]
"""A training of a second over random backbones of 16 x 16 crops."""
PART = sets(["task.data.allow_missing=true", "task.data.validation_share=0.5"])
NAMES = ("A0001_00_00.bmp", "A0001_00_01.bmp")
"""Of test images, whose reference is A0001.bmp."""


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ACUTANCE_WEIGHTS", "")


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of weights with both backbones, and the authors' file of the heads, in their sizes: 560 MB."""
    folder = tmp_path_factory.mktemp("weights")
    write_backbones(folder)
    write_official(folder / "epoch_33.pth", "sensitive")
    return folder


def use(published: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The backbones where ``ACUTANCE_WEIGHTS`` says, the heads where the authors keep them."""
    monkeypatch.setenv("ACUTANCE_WEIGHTS", str(published))
    Path(CHECKPOINT).parent.mkdir(parents=True, exist_ok=True)
    os.link(published / "epoch_33.pth", CHECKPOINT)


def images_to_test(side: int = 224) -> None:
    """What ``test.py`` is given; of images as large as a crop all crops are one."""
    write_images(Path("Test_Dis"), NAMES)
    write_images(Path("Test_Ref"), ["A0001.bmp"])
    for folder in ("Test_Dis", "Test_Ref"):
        with_content(Path(folder), side)
    write_lines(Path("test.txt"), [f"{name},{0.25 + place / 2}" for place, name in enumerate(NAMES)])


def pipal() -> None:
    FAKES["pipal"].write(Path("PIPAL"))
    with_content(Path("PIPAL"), 24)


def trained(folder: str) -> dict[str, Any]:
    assert (Path(folder) / "best.safetensors").is_file()
    return dict(json.loads((Path(folder) / "config.json").read_text()))


def train_on_lists(ours: str) -> None:
    for dis, ref, name, scenes in (
        ("Train_Dis", "Train_Ref", "PIPAL.txt", ("A0001", "A0002")),
        ("NTIRE2021/Dis", "NTIRE2021/Ref", "PIPAL_NTIRE_Valid_MOS.txt", ("A0200",)),
    ):
        names = [f"{scene}_00_0{number}.bmp" for scene in scenes for number in range(3)]
        write_images(Path(dis), names)
        write_images(Path(ref), [f"{scene}.bmp" for scene in scenes])
        write_lines(Path(name), [f"{one},{1400.5 + place}" for place, one in enumerate(names)])
        for folder in (dis, ref):
            with_content(Path(folder), 24)
    *tables, train = commands(ours)
    for table in tables:
        run(table)
    run(train, TINY)
    assert trained("checkpoints/ahiq_pipal")["task"]["data"]["dataset"] == "pipal.csv"
    (row,) = json.loads(Path("checkpoints/ahiq_pipal/metrics.json").read_text())["epochs"]
    assert "val_srcc" in row
    with Path("pipal.csv").open() as file:
        parts = [row["split"] for row in csv.DictReader(file)]
    assert parts == ["train"] * 6 + ["validation"] * 3


def train_on_pipal(ours: str) -> None:
    pipal()
    (command,) = commands(ours)
    run(command, [*TINY, *PART])
    assert trained("checkpoints/ahiq_pipal")["recipe"] == "ahiq-pipal"


def go_on(ours: str) -> None:
    pipal()
    run("acutance train ahiq-pipal -o checkpoints/ahiq_pipal --set task.data.root=PIPAL", [*TINY, *PART])
    (command,) = commands(ours)
    before = Path("checkpoints/ahiq_pipal/last.safetensors").read_bytes()
    run(command)
    assert Path("checkpoints/ahiq_pipal/last.safetensors").read_bytes() == before


def leave_a_checkpoint(ours: str) -> None:
    pipal()
    (command,) = commands(ours)
    run(command, [*TINY, *PART])
    saved = torch.load("runs/ahiq/published/best.pth", weights_only=True)
    assert set(saved) == {"epoch", "regressor_model_state_dict", "deform_net_model_state_dict", "loss"}
    assert "down_channel.weight" in saved["regressor_model_state_dict"]


def name_the_backbones(ours: str) -> None:
    pipal()
    (command,) = commands(ours)
    chosen = configuration("ahiq-pipal", command.split(" runs/ahiq ")[1].split())["task"]
    usual = PIPAL.config().task.model_dump()
    assert (chosen["resnet"], chosen["vit"]) == (usual["resnet"], usual["vit"])


PROGRAMS: dict[str, Callable[[str], None]] = {
    "`sh train.sh`": train_on_lists,
    "PIPAL as it is downloaded": train_on_pipal,
    "`--load_epoch -1`": go_on,
    "what `train.py` writes": leave_a_checkpoint,
    "timm 0.5.4's": name_the_backbones,
}
"""What each row with commands promises, by how the row begins."""
PUBLISHED = ("`sh download.sh`", "`test.txt` with scores", "`checkpoints/ahiq_pipal/epoch_N.pth`")
"""Rows that want the authors' file, each with a test of its own below."""
SETTINGS: dict[str, dict[str, object]] = {
    "`--n_epoch`": {"loop.epochs": 200},
    "`--learning_rate`": {"optimizer.learning_rate": 1e-4},
    "`--weight_decay`": {"optimizer.weight_decay": 1e-5},
    "`--batch_size`": {"loop.batch_size": 4},
    "`--val_freq`": {"loop.validate_every": 1},
    "`--T_max`": {"schedule.length": 50, "schedule.unit": "iteration"},
    "`--eta_min`": {"schedule.floor": 0},
    "`--num_workers`": {"loop.workers": 8},
    "`--seed`": {"loop.seed": 1919},
    "`--gpu_ids 0`": {"loop.device": "cuda"},
    "`RandHorizontalFlip`": {"task.flip": 0.5},
}
"""What each row of options of training makes of the recipe; but for the device, it is the recipe."""
TESTING: dict[str, tuple[int, int]] = {
    "`--n_ensemble 20`": (20, 300),
    "`--n_ensemble 5`": (5, 300),
    "`--n_ensemble 9`": (9, 300),
    "`--n_ensemble 1`": (1, 224),
}
"""How many crops each row of options of testing takes of an image, and the side of that image."""


def row(begins: str) -> str:
    return row_of(ROWS, begins)


@pytest.mark.parametrize("begins", PROGRAMS)
def test_a_program_or_file_of_theirs_has_its_equal(begins: str):
    PROGRAMS[begins](row(begins))


@pytest.mark.parametrize("begins", SETTINGS)
def test_an_option_of_their_training_has_its_equal_and_its_default(begins: str):
    config, usual = configuration("ahiq-pipal", options_of(row(begins))), configuration("ahiq-pipal", [])
    for name, wanted in SETTINGS[begins].items():
        assert value(config, name) == wanted
    assert config == usual or begins == "`--gpu_ids 0`"


@pytest.mark.parametrize("begins", TESTING)
def test_an_option_of_their_test_takes_as_many_crops(begins: str):
    count, side = TESTING[begins]
    options = parse_options([word for word in options_of(row(begins)) if word != "--set"])
    image = np.zeros((side, side, 3), dtype=np.uint8)
    assert len(looked_at("ahiq", image, options=options).patches.boxes) == count


def test_their_file_scores_a_folder_of_pictures_beside_references_by_name(
    published: Path, monkeypatch: pytest.MonkeyPatch
):
    use(published, monkeypatch)
    images_to_test()
    (command,) = commands(row("`sh download.sh`"))
    run(command)
    with Path("results.csv").open() as file:
        found = list(csv.DictReader(file))
    assert [Path(one["image"]).name for one in found] == [*NAMES]
    assert {Path(one["reference"]).name for one in found} == {"A0001.bmp"}
    assert len({one["score"] for one in found}) == 2


def test_a_list_with_scores_is_evaluated_with_their_file(published: Path, monkeypatch: pytest.MonkeyPatch):
    use(published, monkeypatch)
    images_to_test()
    table, evaluate = commands(row("`test.txt` with scores"))
    run(table)
    run(evaluate, ["--draws", "0"])
    (found,) = json.loads(Path("results/eval_results.json").read_text())["datasets"].values()
    assert found["metrics"]["num_samples"] == 2


def test_their_file_is_trained_further(published: Path, monkeypatch: pytest.MonkeyPatch):
    """In its own sizes, over random backbones, two steps at a rate of nearly nothing; nothing validates."""
    use(published, monkeypatch)
    pipal()
    with_content(Path("PIPAL"), 224)
    (command,) = commands(row("`checkpoints/ahiq_pipal/epoch_N.pth`"))
    still = sets(["optimizer.learning_rate=1e-12", "optimizer.weight_decay=0", "task.data.validation_share=0"])
    one = sets(["loop.epochs=null", "loop.iterations=1", "loop.batch_size=1"])
    run(command, [*LOOP, *one, *RANDOM_TRUNKS, *PART, *still])
    before, after = (read_pytorch(Path(path), BOOKKEEPING) for path in (CHECKPOINT, "runs/ahiq/published/best.pth"))
    assert set(before) == set(after)
    name = "regressor_model_state_dict.down_channel.weight"
    torch.testing.assert_close(after[name], before[name], atol=1e-6, rtol=0)


@pytest.mark.parametrize("fault", ["truncated", "another model"])
def test_a_wrong_file_is_one_line_with_its_name_and_nothing_is_written(fault: str):
    images_to_test(32)
    Path(CHECKPOINT).parent.mkdir(parents=True)
    torch.save({"regressor_model_state_dict": {"conv9.weight": torch.zeros(3)}, "epoch": 3}, CHECKPOINT)
    if fault == "truncated":
        Path(CHECKPOINT).write_bytes(Path(CHECKPOINT).read_bytes()[:200])
    (command,) = commands(row("`sh download.sh`"))
    result = invoke(command)
    *_, line = result.stderr.splitlines()
    assert result.exit_code == 2
    named = [CHECKPOINT, *(["conv9.weight"] if fault == "another model" else [])]
    assert all(name in line for name in named), line
    assert not Path("results.csv").exists()


def test_every_row_has_its_test():
    begun = [*PROGRAMS, *PUBLISHED, *SETTINGS, *TESTING]
    assert all(len([one for one in begun if theirs.startswith(one)]) == 1 for theirs in ROWS)
    assert len(begun) == len(ROWS)
