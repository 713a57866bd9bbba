import pytest

from acutance.datasets.comparisons import all_pairs, by_reference, outcome, quality_of
from acutance.errors import DatasetError
from tests.raising import raises
from tests.unit.datasets.tables import rated, table_of


def test_the_higher_score_wins():
    assert (outcome(2.0, 1.0), outcome(1.0, 1.0), outcome(1.0, 2.0)) == (1.0, 0.5, 0.0)


def test_scores_of_which_the_lower_is_better_are_turned():
    assert quality_of(rated("a", 3.0, better="lower"), "live") == -3.0
    assert quality_of(rated("a", 3.0), "tid2013") == 3.0


@pytest.mark.parametrize("mos", [None, float("nan")])
def test_a_picture_nobody_rated_has_no_quality(mos: float | None):
    with raises(DatasetError, "a.png", "pipal", "mos"):
        quality_of(rated("a.png", mos), "pipal")


def test_a_picture_without_reference_cannot_be_grouped():
    with raises(DatasetError, "a.png", "spaq", "reference"):
        by_reference(table_of(rated("a.png"), name="spaq"))


def test_eleven_pictures_of_a_content_make_55_pairs():
    rows = [
        rated(f"{content}_{index}", float(index), reference=f"{content}_10") for content in "ab" for index in range(11)
    ]
    pairs = all_pairs(table_of(*rows))
    assert len(pairs) == 2 * 55
    assert len({(pair.first, pair.second) for pair in pairs}) == 2 * 55
    assert all(pair.first[0] == pair.second[0] == pair.reference[0] for pair in pairs)


def test_pairs_keep_the_order_of_the_table_and_say_who_wins():
    table = table_of(rated("x", 5.0, reference="x"), rated("y", 5.0, reference="x"), rated("z", 7.0, reference="x"))
    found = [(pair.first, pair.second, pair.reference, pair.first_wins) for pair in all_pairs(table)]
    assert found == [("x", "y", "x", 0.5), ("x", "z", "x", 0.0), ("y", "z", "x", 0.0)]
