"""The images that afine-tiny learns fidelity from: never those that it is measured on."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from acutance.datasets import read_dataset
from acutance.datasets.table import OpinionTable, RatedImage
from acutance.synthesis import SyntheticSet, synthesize
from acutance.training.data import DataConfig, training_tables
from projects.afine_tiny import pairs
from projects.afine_tiny.pairs import best_rated, make_pairs, resized
from projects.afine_tiny.recipes import DATA
from tests.fakes.datasets.alone import write_biq2021

SIDE = 128
"""Of the synthetic photographs, in pixels: the metrics of the pseudo-MOS need some."""


def table(opinions: dict[str, float | None]) -> OpinionTable:
    rows = [RatedImage(image=name, mos=mos, low=0, high=1) for name, mos in opinions.items()]
    return OpinionTable(rows, Path("/data"), "biq2021")


def test_the_best_rated_photographs_have_the_highest_opinions():
    rated = table({"a.jpg": 0.2, "b.jpg": 0.9, "c.jpg": 0.5, "d.jpg": 0.7})
    assert best_rated(rated, 2) == [Path("/data/b.jpg"), Path("/data/d.jpg")]


def test_of_equal_opinions_the_first_by_name_is_taken():
    assert best_rated(table({"c.jpg": 0.5, "a.jpg": 0.5, "b.jpg": 0.5}), 2) == [
        Path("/data/a.jpg"),
        Path("/data/b.jpg"),
    ]


def test_those_that_are_rated_higher_still_may_be_left_out():
    rated = table({"a.jpg": 0.2, "b.jpg": 0.9, "c.jpg": 0.5, "d.jpg": 0.7})
    assert best_rated(rated, 2, after=1) == [Path("/data/c.jpg"), Path("/data/d.jpg")]


def test_photographs_that_are_resized_have_about_half_of_their_sides(photographs: Path, tmp_path: Path):
    originals = sorted((photographs / "Images").iterdir())
    made = resized(originals, tmp_path / "resized")
    assert [path.name for path in made] == [f"{path.stem}.png" for path in originals]
    for path in made:
        with Image.open(path) as image:
            assert all(0.34 * SIDE <= side <= 0.56 * SIDE for side in image.size)
    before = {path: path.stat().st_mtime_ns for path in made}
    assert {path: path.stat().st_mtime_ns for path in resized(originals, tmp_path / "resized")} == before


def test_a_photograph_without_an_opinion_comes_last():
    assert best_rated(table({"a.jpg": None, "b.jpg": 0.1}), 1) == [Path("/data/b.jpg")]


class Asked:
    """Stands for ``synthesize`` and notes what it is asked for."""

    def __init__(self) -> None:
        self.calls: list[tuple[list[Path], Path, dict[str, Any]]] = []

    def __call__(self, sources: Sequence[Path], output: Path, **settings: Any) -> SyntheticSet:
        self.calls.append((list(sources), output, settings))
        return SyntheticSet(output / "table.csv", settings["count"] or 0, ())


@pytest.fixture
def photographs(tmp_path: Path) -> Path:
    """A fake BIQ2021 of 5 photographs to train and 2 to test, large enough to be measured."""
    root = tmp_path / "biq2021"
    write_biq2021(root)
    for place, path in enumerate(sorted((root / "Images").iterdir())):
        blocks = np.random.default_rng(place).integers(30, 220, (SIDE // 8, SIDE // 8, 3)).repeat(8, 0).repeat(8, 1)
        Image.fromarray(blocks.astype(np.uint8)).save(path, "JPEG")
    return root


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """As few pristine images as 4 photographs to train with suffice for."""
    for name, count in (("TRAIN", 2), ("COPIES", 3), ("SUMS", 1)):
        monkeypatch.setattr(pairs, name, count)


@pytest.mark.usefixtures("small_parts")
def test_references_to_train_with_are_never_of_the_validation_or_the_test_part(
    photographs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    asked = Asked()
    monkeypatch.setattr(pairs, "synthesize", asked)
    make_pairs(photographs, tmp_path / "pairs")
    *trained, (held_out, held_out_folder, whole) = asked.calls
    everything = read_dataset("biq2021", photographs)
    parts = training_tables(DataConfig.model_validate(DATA), everything)
    tested = {everything.path(row.image) for row in everything if row.split == "test"}
    train, copies, small_copies, sums, small_sums = (set(references) for references, _, _ in trained)
    assert {path.stem for path in small_copies} < {path.stem for path in copies}
    assert {path.stem for path in small_sums} == {path.stem for path in sums}  # half of one is one
    assert train < copies
    assert not copies & sums
    assert copies | sums == {parts.train.path(row.image) for row in parts.train}
    assert set(held_out) == {parts.validation.path(row.image) for row in parts.validation}
    assert len(tested) == 2
    assert not (copies | sums) & (set(held_out) | tested)
    assert not set(held_out) & tested
    folders = [folder.relative_to(tmp_path / "pairs") for _, folder, _ in trained]
    assert folders == [Path(name) for name in ("train", "copies", "copies_small", "sums", "sums_small")]
    assert held_out_folder == tmp_path / "pairs" / "held_out"
    assert [(drawn["count"], drawn["mixture_share"]) for _, _, drawn in trained] == [
        (count, 0.2) for count in (60, 24, 16, 30, 30)
    ]
    assert whole["count"] is None  # every kind at every level of each
    assert whole.get("mixture_share", 0.0) == 0.0


@pytest.mark.slow
@pytest.mark.usefixtures("small_parts")
def test_pairs_that_were_broken_off_go_on_to_the_same_tables(
    photographs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    broken, whole = tmp_path / "broken", tmp_path / "whole"
    few = Few()
    monkeypatch.setattr(pairs, "synthesize", few)
    few.stop_after = 8
    with pytest.raises(KeyboardInterrupt):
        make_pairs(photographs, broken)
    assert not (broken / "held_out").exists()
    few.stop_after = None
    made = make_pairs(photographs, broken)
    assert [one.count for one in made] == [Few.COUNT] * 6
    assert few.first_seen == [8, 0, 0, 0, 0, 0]  # most of the first set was there already
    make_pairs(photographs, whole)
    for place in (f"{part}/{name}.csv" for part in ("train", "held_out") for name in ("table", "scores")):
        assert (broken / place).read_bytes() == (whole / place).read_bytes()


@pytest.mark.slow
@pytest.mark.usefixtures("small_parts")
def test_pairs_that_are_there_are_not_made_again(photographs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(pairs, "synthesize", Few())
    make_pairs(photographs, tmp_path / "pairs")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "pairs").rglob("images/*.png")}
    made = make_pairs(photographs, tmp_path / "pairs")
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert len(before) == sum(one.count for one in made) == 6 * Few.COUNT


class Few:
    """``synthesize`` of few images in this process; may be interrupted after some."""

    COUNT = 10
    """More than a worker takes at once, which is 8."""

    def __init__(self) -> None:
        self.stop_after: int | None = None
        self.first_seen: list[int] = []
        """How many images were there when each call began."""

    def __call__(self, sources: Sequence[Path], output: Path, **settings: Any) -> SyntheticSet:
        seen: list[int] = []

        def watch(done: int, total: int) -> None:
            seen.append(done)
            if self.stop_after is not None and done >= self.stop_after:
                raise KeyboardInterrupt

        made = synthesize(sources, output, **settings | {"count": self.COUNT, "workers": 1, "on_progress": watch})
        self.first_seen.append(seen[0] if seen else made.count)
        return made
