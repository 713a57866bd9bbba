"""The rows of "A-FINE: training and testing" on options of the training files and on the scripts."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from acutance.datasets.comparisons import read_comparisons, read_triplets
from acutance.datasets.splits import read_split
from tests.fakes.datasets.files import write_images
from tests.fakes.datasets.restored import write_diffiqa
from tests.fakes.datasets.with_references import write_kadid10k, write_tid2013
from tests.integration.authors.commands import configuration, run, value
from tests.integration.authors.table import code, commands, options, rows
from tests.unit.datasets.test_diffiqa_labels import write_labels
from tests.unit.datasets.test_sriqa_labels import write_pair

SECTION = "A-FINE: training and testing"
TABLE = rows(SECTION)
SETTINGS: dict[str, dict[str, object]] = {
    "`--force_yml train:total_iter=40000`": {"loop.iterations": 40_000},
    "`manual_seed: 0`": {"loop.seed": 0, "task.data.seed": 0},
    "`num_gpu: 0`": {"loop.device": "cpu"},
    "`use_hflip: true`, `use_rot: true`": {"task.augment": True},
    "`num_worker_per_gpu: 2`": {"loop.workers": 2},
    "`optim_qhead`, `optim_clip`: `type: AdamW`": {"optimizer.kind": "adamw"},
    "`lr: 5e-6`": {"optimizer.learning_rate": 5e-6},
    "`weight_decay: 1e-3`": {"optimizer.weight_decay": 1e-3},
    "`betas: [0.9, 0.99]`": {"optimizer.betas": [0.9, 0.99]},
    "`CosineAnnealingRestartLR`: `periods`, `restart_weights`, `eta_min`": {
        "schedule.kind": "cosine_restarts",
        "schedule.periods": [10_000] * 4,
        "schedule.weights": [1, 0.5, 0.5, 0.5],
        "schedule.floor": 1e-8,
    },
    "`total_iter: 40000`": {"loop.iterations": 40_000},
    "`val_freq: 1e3`": {"loop.validate_every": 1000},
    "`save_checkpoint_freq: 1e3`": {"loop.checkpoint_every": 1000},
}
"""What each row of options makes of stage 1; but for these two, that is what the recipe has."""
OTHERS = ("`num_gpu: 0`", "`save_checkpoint_freq: 1e3`")


@pytest.mark.parametrize("theirs", SETTINGS)
def test_an_option_of_the_training_file_has_its_equal_and_its_default(theirs: str):
    config, usual = configuration("afine-stage1", options(TABLE[theirs])), configuration("afine-stage1", [])
    for name, wanted in SETTINGS[theirs].items():
        assert value(config, name) == wanted
    assert (config == usual) == (theirs not in OTHERS)


def settled(ours: str) -> None:
    """Which parts of the network learn is no setting."""
    assert commands(ours) == options(ours) == []
    for stage in (1, 2, 3):
        assert not [name for name in configuration(f"afine-stage{stage}", [])["task"] if "finetune" in name]


def split_of_diffiqa(ours: str) -> None:
    shutil.rmtree("DiffIQA")
    names = [f"{number:06d}x0y0" for number in range(10)]
    write_images(Path("DiffIQA/images/Original"), [f"{name}.png" for name in names])
    for version in ("01", "02", "03", "04", "05", "06"):
        write_images(Path("DiffIQA/images") / version, [f"{name}_{version}.png" for name in names])
    (command,) = commands(ours)
    run(command, ["--allow-missing"])
    split = read_split(Path("split.json"))
    assert (len(split.train), len(split.validation), len(split.test)) == (7, 1, 2)


def label_diffiqa() -> None:
    for part, names in {"Train": ("000006x0y770", "000017x27y13")}.items():
        labels = {f"{name}_{k:02d}": ("Positive",) * 3 for name in names for k in (1, 2, 3)}
        labels |= {f"{name}_{k:02d}": ("Negative",) * 3 for name in names for k in (4, 5, 6)}
        write_labels(Path("DiffIQA") / part / "trainlabel/labels", labels)  # type: ignore[arg-type]


def triplets_of_diffiqa(ours: str) -> None:
    label_diffiqa()
    (command,) = commands(ours)
    run(command, ["--allow-missing"])
    found = read_triplets(Path("Triplet.txt"))
    assert {triplet.reference for triplet in found} == {"000006x0y770.png", "000017x27y13.png"}
    assert {"000006x0y770_01.png", "000017x27y13_06.png"} <= {triplet.first for triplet in found}


def types_of_diffiqa(ours: str) -> None:
    label_diffiqa()
    (command,) = commands(ours)
    run(command, ["--allow-missing"])
    assert {path.stem for path in Path("TripletEachType").iterdir()} == {"PNY", "PYY", "NYY"}
    assert all(pair.first_wins == 1 for pair in read_comparisons(Path("TripletEachType/PNY.txt")))


def triplets_of_scores(ours: str) -> None:
    write_kadid10k(Path("kadid10k"))  # two references, one of which trains
    split, triplets = commands(ours)
    run(split, ["--allow-missing", "--ratios", "1:1"])
    run(triplets, ["--allow-missing"])
    found = read_triplets(Path("Triplet.txt"))
    assert found
    assert {triplet.first_wins for triplet in found} <= {0, 0.5, 1}
    assert not any(triplet.first == triplet.reference for triplet in found)


def opinions_of_labels(ours: str) -> None:
    order = ("canon7_Original", "canon7_SeeSRx4", "canon7_BSRGANx4")
    for person in "AB":
        for better, worse in ((0, 1), (1, 2), (0, 2)):
            write_pair(Path("SRIQA-Bench/labels"), person, (order[better], "Positive"), (order[worse], "Negative"))
    names: dict[str, Any] = {"Path": Path}
    for line in code(ours):
        exec(line, names)  # noqa: S102 (the guide's own lines)
    assert list(names["opinions"]["canon7"]) == list(order)


def without_renaming(ours: str) -> None:
    """Images in capitals are found by a list in small letters."""
    assert commands(ours) == []
    write_tid2013(Path("tid2013"))
    images = [path for path in Path("tid2013").rglob("*") if path.suffix.lower() == ".bmp"]
    for path in images:
        path.rename(path.with_name(path.name.lower()))
    run("acutance data table tid2013 tid2013 -o table.csv --allow-missing")
    run("acutance data check table.csv")


OTHER_ROWS: dict[str, Callable[[str], None]] = {
    "`finetune_CLIP: True`, `finetune_qhead`, `finetune_dhead`": settled,
    "`split_train_val_test_DiffIQA.py --original_path DiffIQA`": split_of_diffiqa,
    "`process_diffiqa/generate_triplet.py --all_label_path DiffIQA/Train/trainlabel/labels`": triplets_of_diffiqa,
    "`generate_triplet_eachtype.py`, `PSY.txt` and so on": types_of_diffiqa,
    "`process_traditional_iqa/generate_triplet.py --all_path KADID10K`": triplets_of_scores,
    "`compute_MOS.py --label_path SRIQA-Bench/labels`": opinions_of_labels,
    "`rename_tid2013.py`": without_renaming,
}
"""What each of the other rows promises."""
ROWS = (*SETTINGS, *OTHER_ROWS)


@pytest.mark.parametrize("theirs", OTHER_ROWS)
def test_a_row_does_what_the_authors_program_does(theirs: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    write_diffiqa(Path("DiffIQA"))
    OTHER_ROWS[theirs](TABLE[theirs])
