import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acutance.datasets.splits import PROTOCOLS, Protocol, find_protocol, parse_ratios, part_sizes
from acutance.errors import ConfigError, UnknownNameError
from tests.raising import raises


@pytest.mark.parametrize(
    ("count", "sizes"),
    [(25, (15, 5, 5)), (29, (19, 5, 5)), (30, (18, 6, 6)), (81, (49, 16, 16)), (200, (120, 40, 40))],
)
def test_vtamiq_rounds_down_and_trains_with_the_rest(count: int, sizes: tuple[int, int, int]):
    assert part_sizes(count, PROTOCOLS["vtamiq"]) == sizes


@pytest.mark.parametrize(
    ("count", "sizes"),
    # 0.7 x 25 = 17.5 goes to the even 18; 0.7 x 81 = 56.7 to 57, 0.2 x 81 = 16.2 to 16; 0.7 x 15 = 10.5 to 10
    [(200, (140, 20, 40)), (81, (57, 8, 16)), (25, (18, 2, 5)), (15, (10, 2, 3)), (29_868, (20_908, 2986, 5974))],
)
def test_afine_rounds_training_and_test_and_validates_with_the_rest(count: int, sizes: tuple[int, int, int]):
    assert part_sizes(count, PROTOCOLS["afine"]) == sizes


@pytest.mark.parametrize(("count", "sizes"), [(29, (23, 0, 6)), (30, (24, 0, 6)), (10_073, (8058, 0, 2015))])
def test_hyperiqa_rounds_training_and_tests_the_rest(count: int, sizes: tuple[int, int, int]):
    assert part_sizes(count, PROTOCOLS["hyperiqa"]) == sizes


@settings(deadline=None)
@given(st.integers(10, 5000), st.sampled_from(sorted(PROTOCOLS)))
def test_no_scene_is_lost_by_rounding(count: int, name: str):
    sizes = part_sizes(count, PROTOCOLS[name])
    assert sum(sizes) == count
    assert [size > 0 for size in sizes] == [ratio > 0 for ratio in PROTOCOLS[name].ratios]


def test_too_few_scenes_for_every_part_are_an_error():
    with raises(ConfigError, "6:2:2", 4):
        part_sizes(4, PROTOCOLS["vtamiq"])


@pytest.mark.parametrize("ratios", [(0, 1, 1), (1, 0, 0), (5, -1, 1)])
def test_shares_need_training_and_another_part(ratios: tuple[int, int, int]):
    with raises(ConfigError, "6:2:2", ":".join(map(str, ratios))):
        part_sizes(100, Protocol(ratios, "rest-trains"))


def test_two_shares_are_training_and_test():
    assert parse_ratios("8:2") == (8, 0, 2)
    assert parse_ratios("7:1:2") == (7, 1, 2)


@pytest.mark.parametrize("text", ["", "8", "8:-2", "a:b", "1:2:3:4", "0.8:0.2"])
def test_other_texts_are_no_shares(text: str):
    with raises(ConfigError, "6:2:2", "8:2", repr(text)):
        parse_ratios(text)


def test_an_unknown_protocol_offers_the_nearest():
    with raises(UnknownNameError, "vtamic", "vtamiq"):
        find_protocol("vtamic")
