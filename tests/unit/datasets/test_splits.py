import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acutance.datasets.splits import (
    PARTS,
    PROTOCOLS,
    Split,
    check_split,
    checksum,
    part_of_table,
    repeated_splits,
    rows_of,
    scene_of,
    scenes_of,
    split_table,
)
from acutance.datasets.table import OpinionTable
from acutance.errors import ConfigError, DatasetError
from tests.raising import raises
from tests.unit.datasets.tables import full_reference, pictures, rated, table_of


def split_of(*, train=(), validation=(), test=(), dataset="fake") -> Split:
    scenes = [*train, *validation, *test]
    return Split(
        dataset=dataset,
        train=tuple(train),
        validation=tuple(validation),
        test=tuple(test),
        rule="by hand",
        scenes_sha256=checksum(scenes),
    )


@settings(deadline=None)
@given(st.integers(10, 120), st.sampled_from(sorted(PROTOCOLS)), st.integers(0, 2**32 - 1))
def test_every_scene_is_in_one_part(references: int, protocol: str, seed: int):
    table = full_reference(references, 2)
    split = split_table(table, protocol, seed=seed)
    check_split(split, table)
    assert sorted(split.train + split.validation + split.test) == sorted({scene_of(row) for row in table})


@settings(deadline=None)
@given(st.integers(10, 60), st.integers(0, 2**32 - 1))
def test_no_reference_stands_on_two_sides(references: int, seed: int):
    table = full_reference(references, 3)
    split = split_table(table, "vtamiq", seed=seed)
    sides = [{row.reference for row in rows_of(table, split, part)} for part in PARTS]
    assert sum(map(len, sides)) == len(set[str | None]().union(*sides))
    assert sum(len(rows_of(table, split, part)) for part in PARTS) == len(table)


@settings(deadline=None)
@given(st.integers(0, 1000), st.integers(1, 12))
def test_repeated_splits_have_seeds_of_their_own(seed: int, count: int):
    splits = repeated_splits(pictures(40), "hyperiqa", count=count, seed=seed)
    assert len({split.seed for split in splits}) == count
    assert len({split.test for split in splits}) == count  # C(40, 8) possible ones


def test_a_longer_list_of_splits_begins_with_the_shorter_one():
    table = pictures(30)
    few, many = (repeated_splits(table, "afine", count=count, seed=7) for count in (3, 50))
    assert many[:3] == few


def test_a_repeated_split_can_be_made_again_by_its_seed():
    table = pictures(30)
    third = repeated_splits(table, "afine", count=3, seed=7)[2]
    assert third.seed is not None
    assert split_table(table, "afine", seed=third.seed) == third


def test_the_same_seed_gives_the_same_split_whatever_the_order_of_rows():
    table = full_reference(20, 3)
    turned = OpinionTable(table.rows[::-1], table.root, table.name)
    assert split_table(table, "vtamiq", seed=5) == split_table(turned, "vtamiq", seed=5)


def test_the_split_of_a_seed_never_changes():
    split = split_table(pictures(10), "hyperiqa", seed=0)
    assert split.test == ("p0000.jpg", "p0005.jpg")  # RandomState(0).permutation(10) ends with 0, 5


def test_pictures_without_references_are_scenes_of_their_own():
    assert scenes_of(pictures(3)) == ["p0000.jpg", "p0001.jpg", "p0002.jpg"]


def test_a_scene_goes_before_the_reference():
    table = table_of(rated("a1", reference="a", scene="s"), rated("b1", reference="b", scene="s"))
    assert scenes_of(table) == ["s"]


def test_two_scenes_that_share_a_reference_cannot_be_split():
    table = table_of(rated("a1", reference="r.png", scene="s"), rated("a2", reference="r.png", scene="t"))
    with raises(DatasetError, "fake", "r.png", "s", "t"):
        split_table(table, "vtamiq")


def test_a_scene_in_two_parts_is_a_leak():
    with raises(DatasetError, "r001", "train", "test"):
        split_of(train=["r000", "r001"], test=["r001"]).parts()


def test_a_scene_of_the_table_in_no_part_is_an_error():
    table = table_of(rated("a"), rated("b"), rated("c"))
    with raises(DatasetError, "fake", "b"):
        check_split(split_of(train=["a"], test=["c"]), table)


def test_a_scene_the_table_has_not_is_an_error():
    with raises(DatasetError, "fake", "z"):
        check_split(split_of(train=["a"], test=["z"]), table_of(rated("a")))


def test_a_picture_that_is_the_reference_of_another_part_is_a_leak():
    table = table_of(rated("a1", reference="a", scene="s"), rated("a", scene="t"))
    with raises(DatasetError, "a", "train", "test"):
        check_split(split_of(train=["s"], test=["t"]), table)


def test_the_column_of_the_table_decides_without_a_split():
    table = table_of(rated("a", split="train"), rated("b", split="test"), rated("c", split="train"))
    assert [row.image for row in part_of_table(table, None, "train")] == ["a", "c"]
    assert [row.image for row in part_of_table(table, split_of(train=["b"], test=["a", "c"]), "train")] == ["b"]


def test_a_table_without_parts_is_taken_whole():
    assert part_of_table(pictures(3), None, "test").rows == pictures(3).rows


def test_an_empty_table_cannot_be_split():
    with raises(DatasetError, "fake"):
        split_table(table_of(), "vtamiq")


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_a_seed_out_of_range_is_an_error(seed: int):
    with raises(ConfigError, 0, "2**32 - 1", seed):
        split_table(pictures(10), "vtamiq", seed=seed)
    with raises(ConfigError, 0, "2**32 - 1", seed):
        repeated_splits(pictures(10), "vtamiq", count=2, seed=seed)


def test_no_split_at_all_is_an_error():
    with raises(ConfigError, 1, 0):
        repeated_splits(pictures(10), "vtamiq", count=0)


def test_a_leak_in_the_column_of_the_table_is_an_error():
    rows = [rated(f"{part}.png", reference="r.png", split=part) for part in ("train", "test")]
    with raises(DatasetError, "r.png", "train", "test"):
        part_of_table(table_of(*rows), None, "train")


def test_rows_in_no_part_of_the_column_are_no_leak():
    rows = [rated("a.png", reference="r.png", split="train"), rated("b.png", reference="r.png")]
    assert [row.image for row in part_of_table(table_of(*rows), None, "train")] == ["a.png"]


def test_names_that_are_not_utf8_have_a_checksum_of_their_own():
    assert checksum(["\udcff"]) != checksum(["\udcfe"])
