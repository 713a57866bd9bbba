import csv
from pathlib import Path

import pytest

from acutance.catalog import find_model
from acutance.datasets import read_table
from acutance.distortions import Mixture
from acutance.synthesis.folder import OutputFolder, write_tables
from acutance.synthesis.maker import Row
from acutance.synthesis.plan import Item

ITEMS = [
    Item(0, "0_10_03.png", Mixture((("jpeg", 3),), 1), 3),
    Item(1, "1_mixture.png", Mixture((("gblur", 2), ("jpeg", 1)), 2), None),
    Item(1, "2_10_01.png", Mixture((("jpeg", 1),), 3), 1),
]
ROWS: list[Row] = [
    {"image": "0_10_03.png", "psnr": 30.0, "mdsi": 0.25, "error": None},
    {"image": "1_mixture.png", "psnr": 20.0, "mdsi": 0.5, "error": None},
    {"image": "2_10_01.png", "psnr": None, "mdsi": None, "error": "Expected, got."},
]
INFOS = {name: find_model(name).info for name in ("psnr", "mdsi")}


@pytest.fixture
def folder(tmp_path: Path) -> OutputFolder:
    return OutputFolder(tmp_path)


def test_a_row_says_what_was_done_to_which_source(folder: OutputFolder):
    assert write_tables(folder, zip(ITEMS, ROWS, strict=True), ["a", "b"], INFOS) == 2
    first, second = read_table(folder.table)
    assert (first.image, first.reference, first.scene) == ("images/0_10_03.png", "references/a.png", "a")
    assert (first.distortion, first.level) == ("jpeg", 3)
    assert (second.distortion, second.level, second.scene) == ("gblur-2+jpeg-1", None, "b")


def test_opinions_lie_between_0_and_1_and_higher_is_better(folder: OutputFolder):
    write_tables(folder, zip(ITEMS, ROWS, strict=True), ["a", "b"], INFOS)
    rows = list(read_table(folder.table))
    assert [(row.mos, row.better, row.low, row.high) for row in rows] == [
        (0.75, "higher", 0, 1),
        (0.25, "higher", 0, 1),
    ]


def test_scores_stand_beside_their_opinion(folder: OutputFolder):
    write_tables(folder, zip(ITEMS, ROWS, strict=True), ["a", "b"], INFOS)
    with folder.scores.open(newline="") as file:
        rows = list(csv.reader(file))
    assert rows == [
        ["image", "reference", "psnr", "mdsi", "mos"],
        ["images/0_10_03.png", "references/a.png", "30.0", "0.25", "0.75"],
        ["images/1_mixture.png", "references/b.png", "20.0", "0.5", "0.25"],
    ]


def test_without_metrics_there_are_no_opinions(folder: OutputFolder):
    write_tables(folder, zip(ITEMS, ROWS, strict=True), ["a", "b"], {})
    assert [(row.mos, row.low, row.high) for row in read_table(folder.table)] == [(None, None, None)] * 2
    assert not folder.scores.exists()
