"""A run that version 0.1.0 left broken off after 11 of 20 steps goes on to the weights that 0.1.0 itself ended with."""

import json
import shutil
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file

from tests.fakes.toy_task import run_toy

STORED = Path(__file__).parents[2] / "data/files_of_0_1/run"


def test_a_run_of_0_1_goes_on_to_the_weights_of_0_1(tmp_path: Path):
    folder = tmp_path / "run"
    shutil.copytree(STORED, folder)
    run_toy(folder, resume=True, task={"dropout": 0.2}, checkpoint_every=1, average_decay=0.9, clip_norm=1.0)
    assert "resumed at step 11 of 20" in (folder / "train.log").read_text()
    weights = load_file(folder / "last.safetensors")
    wanted: dict[str, Any] = json.loads((STORED / "finished_weights.json").read_text())
    assert weights.keys() == wanted.keys()
    for name, value in weights.items():  # the bits on the processor that wrote them; matrix products differ on others
        torch.testing.assert_close(value, torch.tensor(wanted[name]), rtol=1e-5, atol=1e-6)
    rows, before = (
        json.loads(path.read_text())["epochs"] for path in (folder / "metrics.json", STORED / "finished.json")
    )
    assert [row["learning_rate_all"] for row in rows] == [row["learning_rate_all"] for row in before]
    for row, old in zip(rows, before, strict=True):
        assert row.keys() == old.keys()
        torch.testing.assert_close(row["train_loss"], old["train_loss"], rtol=1e-5, atol=0)
