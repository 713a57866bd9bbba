"""Repeated trainings over random splits."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

import acutance
from acutance.datasets.splits import read_split, rows_of
from acutance.datasets.table import OpinionTable
from acutance.errors import ConfigError
from acutance.stats.correlation import srcc
from acutance.training.data import DataConfig
from acutance.training.images import ImageStore, scores_of
from acutance.training.repeats import STATISTICS, repeat
from tests.fakes.rated_set import TABLE, write_rated_set
from tests.fakes.tiny_trainings import run, vtamiq_task
from tests.raising import raises


class Trainings:
    """Trains tiny networks, and remembers how often."""

    def __init__(self, table: OpinionTable) -> None:
        self.table = table
        self.done: list[tuple[Path, int]] = []

    def __call__(self, split: Path, seed: int, folder: Path) -> None:
        data = DataConfig(dataset=str(self.table.root / TABLE), split=str(split))
        run(vtamiq_task(data), folder, epochs=1, seed=seed)
        self.done.append((split, seed))


@pytest.fixture
def trainings(tmp_path: Path) -> Trainings:
    return Trainings(write_rated_set(tmp_path / "set", references=5, name="table"))


def test_runs_are_summarised_and_not_trained_again(trainings: Trainings, tmp_path: Path):
    folder = tmp_path / "runs"
    told: list[tuple[int, float]] = []
    summary = repeat(
        trainings.table, trainings, folder, count=3, on_run=lambda number, run: told.append((number, run.srcc))
    )
    assert len(trainings.done) == 3
    assert [number for number, _ in told] == [1, 2, 3]
    assert len({seed for _, seed in trainings.done}) == 3
    rows = list(csv.DictReader((folder / "runs.csv").read_text().splitlines()))
    assert [float(row["srcc"]) for row in rows] == [srcc for _, srcc in told]
    for name in STATISTICS:
        values = np.array([float(row[name]) for row in rows])
        spread = summary[name]
        assert (spread.mean, spread.median, spread.std) == pytest.approx(
            (values.mean(), np.median(values), values.std(ddof=0))
        )
    written = json.loads((folder / "summary.json").read_text())
    assert written["runs"] == 3
    assert written["srcc"]["mean"] == summary["srcc"].mean
    assert repeat(trainings.table, trainings, folder, count=3) == summary
    assert len(trainings.done) == 3


def test_the_test_part_is_scored_with_the_best_weights(trainings: Trainings, tmp_path: Path):
    folder = tmp_path / "runs"
    repeat(trainings.table, trainings, folder, count=1, protocol="vtamiq", patches=7)
    split = read_split(folder / "run_01/split.json", trainings.table)
    test = rows_of(trainings.table, split, "test")
    model = acutance.load(str(folder / "run_01"), patches=7)
    scores = scores_of(test, model, ImageStore().read)
    expected = srcc(-scores, np.array([row.mos for row in test], dtype=np.float64))
    found = json.loads((folder / "run_01/test.json").read_text())
    assert found["srcc"] == pytest.approx(expected)
    assert found["pictures"] == len(test) == 8


def test_more_runs_can_be_asked_for_later(trainings: Trainings, tmp_path: Path):
    repeat(trainings.table, trainings, tmp_path / "runs", count=1)
    repeat(trainings.table, trainings, tmp_path / "runs", count=2)
    assert [split.parent.name for split, _ in trainings.done] == ["run_01", "run_02"]


def test_the_pictures_that_are_tested_are_told(trainings: Trainings, tmp_path: Path):
    told: list[tuple[int, int]] = []
    repeat(trainings.table, trainings, tmp_path, count=1, on_test=lambda *progress: told.append(progress))
    assert told == [(done, 8) for done in range(1, 9)]


def test_runs_of_another_seed_are_not_taken(trainings: Trainings, tmp_path: Path):
    repeat(trainings.table, trainings, tmp_path / "runs", count=1)
    with raises(ConfigError, "runs"):
        repeat(trainings.table, trainings, tmp_path / "runs", count=1, seed=1)
