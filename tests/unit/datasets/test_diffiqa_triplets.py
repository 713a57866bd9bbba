import pytest

from acutance.datasets.comparisons import Comparison, Triplet
from acutance.datasets.diffiqa import Label, by_type, diffiqa_triplets, triplet_type
from acutance.errors import DatasetError
from tests.raising import raises

LABELS: dict[str, Label] = {  # of one reference; 05 was left out because three people said three things
    "000006x0y0_01": "Positive",
    "000006x0y0_02": "Similar",
    "000006x0y0_03": "Negative",
    "000006x0y0_04": "Similar",
    "000006x0y0_06": "Negative",
}


def short(triplet: Triplet) -> tuple[str, str, float, float, float]:
    numbers = (triplet.first_wins, triplet.first_beats_reference, triplet.second_beats_reference)
    return (triplet.first[11:-4], triplet.second[11:-4], *numbers)


def test_the_triplets_of_a_reference_are_those_counted_by_hand():
    # pairs of 01 P, 02 S, 03 N, 04 S, 06 N: 10, without the pair 03 06 (both N): 9; and each alone: 5; 14 in all
    found = [short(triplet) for triplet in diffiqa_triplets(LABELS)]
    assert found == [
        ("01", "02", 1.0, 1.0, 0.5),
        ("01", "03", 1.0, 1.0, 0.0),
        ("01", "04", 1.0, 1.0, 0.5),
        ("01", "06", 1.0, 1.0, 0.0),
        ("02", "03", 1.0, 0.5, 0.0),
        ("02", "04", 0.5, 0.5, 0.5),
        ("02", "06", 1.0, 0.5, 0.0),
        ("03", "04", 0.0, 0.0, 0.5),
        ("04", "06", 1.0, 0.5, 0.0),
        ("01", "", 1.0, 1.0, 0.5),
        ("02", "", 0.5, 0.5, 0.5),
        ("03", "", 0.0, 0.0, 0.5),
        ("04", "", 0.5, 0.5, 0.5),
        ("06", "", 0.0, 0.0, 0.5),
    ]


def test_the_types_have_the_counts_by_hand():
    # P 1, S 2, N 2: PS 1x2, PN 1x2, SN 2x2, SS 1; alone 1, 2, 2
    counts = {name: len(triplets) for name, triplets in by_type(diffiqa_triplets(LABELS)).items()}
    assert counts == {"PSY": 2, "PNY": 2, "SNY": 4, "SSY": 1, "PYY": 1, "SYY": 2, "NYY": 2}


def test_a_pair_of_equals_that_both_beat_the_reference_is_dropped():
    triplets = diffiqa_triplets({"a_01": "Positive", "a_02": "Positive"})
    assert [triplet.second for triplet in triplets] == ["a.png", "a.png"]


def test_the_order_in_a_pair_says_nothing_of_who_wins():
    found = by_type(diffiqa_triplets(LABELS))["SNY"]
    assert {triplet.first_wins for triplet in found} == {0.0, 1.0}


def test_references_are_names_before_the_last_underscore():
    triplets = diffiqa_triplets({"b_01": "Similar", "a_01": "Similar"})
    assert triplets == [
        Triplet("a_01.png", "a.png", "a.png", 0.5, 0.5, 0.5),
        Triplet("b_01.png", "b.png", "b.png", 0.5, 0.5, 0.5),
    ]


def test_a_reference_without_labels_has_no_triplets():
    assert diffiqa_triplets({}) == []


@pytest.mark.parametrize("name", ["000006x0y0", "_01", "a_"])
def test_a_name_without_index_is_an_error(name: str):
    with raises(DatasetError, "000006x0y770_01", "DiffIQA"):
        diffiqa_triplets({name: "Similar"})


def test_a_pair_of_unknown_order_has_no_type():
    with raises(DatasetError, "NNY", "a", "b"):
        triplet_type(Triplet("a", "b", "r", 1.0, 0.0, 0.0))


def test_a_pair_that_is_no_triplet_has_no_type():
    with raises(DatasetError, "DiffIQA", "a"):
        by_type([Comparison("a", "b", "r", 1.0)])
