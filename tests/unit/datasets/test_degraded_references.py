"""Triplets whose reference is a distorted image."""

from pathlib import Path

import pytest

from acutance.datasets.table import OpinionTable, RatedImage
from acutance.datasets.triplets import degraded_reference_triplets


def table(better: str = "higher", scenes: int = 3, pictures: int = 6) -> OpinionTable:
    sign = 1 if better == "higher" else -1
    rows = [
        RatedImage(image=f"{scene}/{index}.png", reference=f"{scene}/r.png", mos=sign * index / 10, better=better)  # type: ignore[arg-type]
        for scene in range(scenes)
        for index in range(pictures)
    ]
    return OpinionTable(rows, Path("somewhere"), "made")


def rank(image: str) -> float:
    stem = Path(image).stem
    return 99.0 if stem == "r" else float(stem)


@pytest.mark.parametrize("better", ["higher", "lower"])
def test_who_wins_follows_the_scores_with_the_pristine_picture_on_top(better: str):
    for triplet in degraded_reference_triplets(table(better), count=40):
        first, second, reference = (rank(name) for name in (triplet.first, triplet.second, triplet.reference))
        for won, one, other in (
            (triplet.first_wins, first, second),
            (triplet.first_beats_reference, first, reference),
            (triplet.second_beats_reference, second, reference),
        ):
            assert won == (0.5 if one == other else float(one > other))


def test_the_reference_is_of_the_worse_half_and_of_the_same_scene():
    for triplet in degraded_reference_triplets(table(), count=40):
        assert rank(triplet.reference) < 3
        assert len({Path(name).parent for name in (triplet.first, triplet.second, triplet.reference)}) == 1


def test_half_begin_with_the_pristine_picture_and_half_end_with_the_reference():
    triplets = degraded_reference_triplets(table(scenes=1), count=2000)
    assert sum(rank(triplet.first) == 99 for triplet in triplets) == pytest.approx(1000, abs=100)
    assert sum(triplet.second == triplet.reference for triplet in triplets) == pytest.approx(1000, abs=100)


def test_a_scene_of_two_distorted_pictures_gives_none():
    assert degraded_reference_triplets(table(pictures=2), count=5) == []


def test_the_same_seed_draws_the_same():
    draws = [degraded_reference_triplets(table(), count=10, seed=seed) for seed in (1, 1, 2)]
    assert draws[0] == draws[1] != draws[2]


@pytest.mark.parametrize(("worst", "best"), [(0.2, 0), (0.5, 2), (1.0, 5)])
def test_the_share_of_the_worst_says_which_may_be_references(worst: float, best: int):
    drawn = {rank(triplet.reference) for triplet in degraded_reference_triplets(table(), count=100, worst=worst)}
    assert drawn == set(range(best + 1))
