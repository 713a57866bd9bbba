import csv
import json
import math
from pathlib import Path

import numpy as np
import pytest

from acutance.cli.train import metrics_table
from acutance.reports.plots.training import read_training
from acutance.training.run_folder import RunFolder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A run of two epochs, the first with an infinite number, the second with one that is none."""
    run = RunFolder(tmp_path / "run")
    run.begin({"recipe": "toy"})
    run.add_row({"epoch": 1, "iteration": 4, "train_loss": 0.5, "val_psnr": math.inf})
    run.add_row({"epoch": 2, "iteration": 8, "train_loss": 0.25, "val_psnr": math.nan})
    return run.path


def test_an_infinite_number_is_null_with_a_note_in_json_and_inf_in_csv(folder: Path):
    text = (folder / "metrics.json").read_text()
    first, second = json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))["epochs"]
    assert (first["val_psnr"], first["note"]) == (None, "val_psnr infinite")
    assert second == {"epoch": 2, "iteration": 8, "train_loss": 0.25, "val_psnr": None}
    assert [row["val_psnr"] for row in csv.DictReader((folder / "metrics.csv").read_text().splitlines())] == ["inf", ""]


def test_metrics_with_an_infinite_number_are_shown_and_plotted(folder: Path):
    assert list(metrics_table(folder).columns[-1].cells) == ["inf", "-"]
    fields = read_training(folder).fields
    assert fields["train_loss"].tolist() == [0.5, 0.25]
    assert np.isnan(fields["val_psnr"]).all()
    assert "note" not in fields


@pytest.mark.parametrize("count", [0, 1, 2])
def test_what_is_published_of_a_validation_has_its_name_and_goes_with_the_run(tmp_path: Path, count: int):
    def write(folder: Path) -> list[Path]:
        paths = [folder / f"part_{number}.pkl" for number in range(count)]
        for path in paths:
            path.write_bytes(b"")
        return paths

    run = RunFolder(tmp_path / "run")
    run.begin({"recipe": "toy"})
    run.publish(write, "epoch_2")
    published = tmp_path / "run/published"
    found = sorted(path.relative_to(published).as_posix() for path in published.rglob("*.pkl"))
    assert found == {0: [], 1: ["epoch_2.pkl"], 2: ["epoch_2/part_0.pkl", "epoch_2/part_1.pkl"]}[count]
    run.begin({"recipe": "toy"}, overwrite=True)
    assert not list(published.iterdir())
