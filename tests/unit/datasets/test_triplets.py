import math
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acutance.datasets.comparisons import Triplet
from acutance.datasets.triplets import log_triplets
from acutance.errors import DatasetError
from tests.raising import raises
from tests.unit.datasets.tables import full_reference, rated, table_of


@pytest.mark.parametrize(
    ("distorted", "lines"),
    # by hand: n + 1 images, each meets round(log2(n + 1)) others
    [
        (1, 2),  # 2 x log2 2 = 1
        (2, 6),  # 3 x log2 3 = 1.58, 2
        (3, 8),  # 4 x log2 4 = 2
        (4, 10),  # 5 x log2 5 = 2.32, 2
        (5, 18),  # 6 x log2 6 = 2.58, 3
        (7, 24),  # 8 x log2 8 = 3
    ],
)
def test_a_reference_gives_as_many_triplets_as_counted_by_hand(distorted: int, lines: int):
    assert len(log_triplets(full_reference(1, distorted))) == lines
    assert len(log_triplets(full_reference(4, distorted))) == 4 * lines


@pytest.mark.parametrize(("distorted", "lines"), [(116, 819), (125, 882), (120, 847)])
def test_pipal_kadid_and_tid2013_give_the_published_counts(distorted: int, lines: int):
    assert len(log_triplets(full_reference(1, distorted))) == lines


@settings(deadline=None)
@given(st.integers(1, 20), st.integers(0, 2**32 - 1))
def test_no_picture_meets_itself_and_none_meets_another_twice_by_its_own_draw(distorted: int, seed: int):
    triplets = log_triplets(full_reference(1, distorted), seed=seed, reference_first=True)
    assert all(triplet.first != triplet.second for triplet in triplets)
    assert len(set(triplets)) == len(triplets)
    each = Counter(triplet.first for triplet in triplets)
    assert set(each.values()) == {round(math.log2(distorted + 1))}


@settings(deadline=None)
@given(st.integers(1, 20), st.integers(0, 2**32 - 1))
def test_the_higher_score_wins_and_the_reference_beats_all(distorted: int, seed: int):
    table = full_reference(2, distorted)
    scores = {row.image: row.mos or 0.0 for row in table} | {str(row.reference): 9999.0 for row in table}
    for triplet in log_triplets(table, seed=seed):
        first, second = scores[triplet.first], scores[triplet.second]
        assert triplet.first_wins == (1.0 if first > second else 0.0)
        assert triplet.first_beats_reference == 0.0
        assert triplet.second_beats_reference == (0.5 if triplet.second == triplet.reference else 0.0)


def test_by_default_the_reference_never_stands_first():
    table = full_reference(3, 9)
    assert all(triplet.first != triplet.reference for triplet in log_triplets(table))
    assert any(triplet.second == triplet.reference for triplet in log_triplets(table))


def test_the_slip_lets_the_reference_stand_first_in_the_same_draws():
    table = full_reference(3, 9)
    right, slipped = log_triplets(table), log_triplets(table, reference_first=True)
    assert Triplet("images/r000.bmp", "images/r000_4.png", "images/r000.bmp", 1.0, 0.5, 0.0) in slipped
    assert [{one.first, one.second} for one in right] == [{one.first, one.second} for one in slipped]
    assert sum(triplet.first == triplet.reference for triplet in slipped) == 3 * 3  # round(log2(10)) a reference


def test_the_slip_calls_every_reference_png():
    triplets = log_triplets(full_reference(1, 9), reference_as_png=True)
    names = {name for triplet in triplets for name in (triplet.second, triplet.reference)}
    assert "images/r000.png" in names
    assert "images/r000.bmp" not in names


def test_scores_of_which_the_lower_is_better_turn_the_winner():
    higher = table_of(rated("a", 1.0, reference="r"), rated("b", 2.0, reference="r"))
    lower = table_of(rated("a", 1.0, reference="r", better="lower"), rated("b", 2.0, reference="r", better="lower"))
    win = {one.first_wins for one in log_triplets(lower) if (one.first, one.second) == ("a", "b")}
    lose = {one.first_wins for one in log_triplets(higher) if (one.first, one.second) == ("a", "b")}
    assert (win, lose) == ({1.0}, {0.0})


def test_equal_scores_tie():
    table = table_of(rated("a", 1.0, reference="r"), rated("b", 1.0, reference="r"))
    assert {one.first_wins for one in log_triplets(table) if one.second != "r"} == {0.5}


def test_a_rated_reference_is_no_distorted_picture():
    rows = [rated("a", 1.0, reference="r"), rated("r", 50.0, reference="r")]
    assert len(log_triplets(table_of(*rows))) == 2


def test_a_seed_gives_the_same_triplets_and_another_seed_others():
    table = full_reference(2, 20)
    assert log_triplets(table, seed=4) == log_triplets(table, seed=4)
    assert log_triplets(table, seed=4) != log_triplets(table, seed=5)


def test_a_picture_without_score_is_an_error():
    with raises(DatasetError, "a", "fake"):
        log_triplets(table_of(rated("a", None, reference="r")))
