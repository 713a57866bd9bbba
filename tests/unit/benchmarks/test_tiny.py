"""The pure parts of what measures afine-tiny: ladders, preferences, moved crops, tables."""

import json

import numpy as np
import pytest

from benchmarks.tiny.figures import Figure, Section, Table, section_json, section_lines, section_of, table_lines
from benchmarks.tiny.orders import (
    TWO_SIDED,
    Rung,
    by_strength,
    fall_with_level,
    falls_by_kind,
    ladders,
    mean_fall,
    mean_interval,
    preference_shares,
)
from benchmarks.tiny.shift import FARTHEST, SIDE, crops, moves, shift_ratio
from tests.raising import raises

LEVELS = (1, 2, 3, 4, 5)


def ladder(kind: str, qualities: list[float], reference: str = "a.png") -> list[Rung]:
    return [Rung(reference, kind, level, quality) for level, quality in zip(LEVELS, qualities, strict=True)]


def test_a_score_that_falls_at_every_step_falls_by_one():
    assert fall_with_level(LEVELS, [90, 80, 70, 20, 10]) == 1.0
    assert fall_with_level(LEVELS, [1, 2, 3, 4, 5]) == -1.0


def test_one_step_the_wrong_way_costs_a_tenth():
    assert fall_with_level(LEVELS, [90, 80, 85, 20, 10]) == pytest.approx(0.9)


def test_an_infinite_score_stands_above_all_others():
    assert fall_with_level(LEVELS, [float("inf"), 40, 30, 20, 10]) == 1.0


def test_a_score_that_says_nothing_does_not_fall():
    assert fall_with_level(LEVELS, [50] * 5) == 0.0


def test_ladders_are_told_apart_by_kind_and_reference_in_any_order():
    rungs = [
        *ladder("jpeg", [5, 4, 3, 2, 1]),
        *ladder("jpeg", [1, 2, 3, 4, 5], "b.png"),
        *ladder("gblur", [5, 4, 3, 1, 2]),
    ]
    found = ladders(reversed(rungs))
    assert [(one.kind, one.reference, one.levels) for one in found] == [
        ("gblur", "a.png", 5),
        ("jpeg", "a.png", 5),
        ("jpeg", "b.png", 5),
    ]
    assert [one.fall for one in found] == pytest.approx([0.9, 1.0, -1.0])


def test_a_ladder_may_lack_levels_and_have_one_twice_but_needs_three():
    rungs = [Rung("a.png", "jpeg", level, -level) for level in (5, 1, 1, 3)]
    (found,) = ladders(rungs)
    assert found.levels == 3
    assert found.fall == pytest.approx(1.0)  # equal levels with equal scores share a rank
    assert ladders(rungs[:3]) == []


def test_the_mean_over_ladders_has_an_interval_drawn_by_reference():
    rungs = [*ladder("jpeg", [5, 4, 3, 2, 1]), *ladder("jpeg", [5, 4, 3, 1, 2], "b.png")]
    mean, low, high = mean_fall(ladders(rungs))
    assert (mean, low, high) == pytest.approx((0.95, 0.9, 1.0))


def test_a_single_reference_has_no_interval():
    assert mean_fall(ladders(ladder("jpeg", [5, 4, 3, 2, 1]))) == (1.0, None, None)
    assert mean_interval(np.array([1.0, 0.0]), ["a.png", "a.png"]) == (None, None)


def test_two_sided_kinds_can_be_left_out():
    rungs = [*ladder("jpeg", [5, 4, 3, 2, 1]), *ladder("meanshift", [1, 2, 3, 2.5, 1.5])]
    found = ladders(rungs)
    assert mean_fall(found)[0] < 1
    assert mean_fall(found, without=TWO_SIDED)[0] == 1.0


def test_levels_of_two_sided_kinds_may_be_in_the_order_of_strength():
    rungs = [*ladder("jpeg", [5, 4, 1, 2, 3]), *ladder("meanshift", [1, 4, 9, 3, 2])]
    likeness = [*ladder("jpeg", [5, 4, 3, 2, 1]), *ladder("meanshift", [20.0, 30.0, np.inf, 29.0, 21.0])]
    found = {one.kind: one.fall for one in ladders(by_strength(rungs, likeness))}
    assert found["jpeg"] == ladders(rungs)[0].fall < 1
    assert found["meanshift"] == 1.0


def test_pictures_that_are_equally_unlike_their_reference_have_one_level():
    rungs = by_strength(ladder("meanshift", [1, 2, 3, 4, 5]), ladder("meanshift", [20, 30, 40, 30, 20]))
    assert [rung.level for rung in rungs] == [4, 2, 1, 2, 4]


def test_kinds_come_worst_first():
    found = ladders([*ladder("jpeg", [5, 4, 3, 2, 1]), *ladder("gblur", [1, 2, 3, 4, 5])])
    assert [(kind, mean) for kind, (mean, _, _) in falls_by_kind(found).items()] == [("gblur", -1.0), ("jpeg", 1.0)]


def test_wins_ties_and_losses_are_shares_of_all_pairs():
    better, worse = np.array([3.0, 2.0, 1.0, 9.0]), np.array([1.0, 2.0, 4.0, 8.0])
    found = preference_shares(better, worse, ["a", "a", "b", "b"])
    assert (found.wins, found.ties, found.losses, found.count) == (0.5, 0.25, 0.25, 4)
    assert (found.low, found.high) == (0.5, 0.5)  # each scene has one win and one other


def test_a_score_that_does_not_move_has_no_shift():
    still = np.array([10.0, 50.0, 90.0])
    found = shift_ratio(still, np.repeat(still[:, None], 21, axis=1))
    assert (found.value, found.low, found.high) == (0.0, 0.0, 0.0)


def test_the_shift_is_the_root_of_the_mean_squared_change_in_deviations():
    still = np.array([0.0, 20.0])  # deviation 10
    moved = still[:, None] + np.array([[3.0, -3.0], [4.0, -4.0]])
    found = shift_ratio(still, moved)
    assert found.value == pytest.approx(np.sqrt((9 + 16) / 2) / 10)
    assert (found.low, found.high) == pytest.approx((0.3, 0.4))


def test_crops_move_by_one_to_seven_pixels_and_stay_inside():
    assert len(moves()) == 3 * FARTHEST
    pixels = np.arange(460 * 512 * 3).reshape(460, 512, 3)
    still, *moved = crops(pixels)
    assert {crop.shape for crop in (still, *moved)} == {(SIDE, SIDE, 3)}
    for crop, (_, rows, columns) in zip(moved, moves(), strict=True):
        assert (crop[0, 0] - still[0, 0] == 3 * (512 * rows + columns)).all()


def test_a_photograph_that_is_too_small_to_move_in_is_refused():
    with raises(SystemExit, 455):
        crops(np.zeros((454, 512, 3)))


def test_a_figure_says_whether_it_is_what_is_wanted():
    assert Figure(what="SRCC", value=0.95, at_least=0.95).reached is True
    assert Figure(what="SRCC", value=0.95, at_least=0.96).reached is False
    assert Figure(what="memory", value=0.95, at_most=0.9).reached is False
    assert Figure(what="PSNR", value=30.0).reached is None


def made() -> Section:
    return Section(
        "Pairs",
        [
            Figure(what="SRCC", value=0.9456, low=0.93, high=0.96, at_least=0.93),
            Figure(what="clean wins", value=0.985, at_least=0.99, unit="%"),
            Figure(what="photographs", value=31.23, at_least=20, unit="/s", digits=1),
            Figure(what="memory", value=0.812, at_most=1, unit="GB", digits=2),
        ],
        [Table(("kind", ""), [["jpeg", ""]])],
        ["A remark."],
        {"pictures": 5},
    )


def test_a_section_is_a_table_of_figures_beside_what_is_wanted():
    assert section_lines(made()) == [
        "## Pairs",
        "",
        "| | measured | 95 % interval | wanted | reached |",
        "| --- | --- | --- | --- | --- |",
        "| SRCC | 0.946 | 0.930 to 0.960 | at least 0.93 | yes |",
        "| clean wins | 98.5 % | | at least 99 % | no |",
        "| photographs | 31.2/s | | at least 20/s | yes |",
        "| memory | 0.81 GB | | at most 1 GB | yes |",
        "",
        "| kind | |",
        "| --- | --- |",
        "| jpeg | |",
        "",
        "A remark.",
        "",
    ]


def test_a_section_is_read_from_its_json_as_it_was():
    plain = json.loads(json.dumps(section_json(made())))
    assert [figure["reached"] for figure in plain["figures"]] == [True, False, True, True]
    assert section_lines(section_of(plain)) == section_lines(made())
    assert section_json(section_of(plain)) == plain


def test_an_empty_cell_is_no_gap():
    assert table_lines(Table(("", "a", ""), [["x", "", ""]])) == ["| | a | |", "| --- | --- | --- |", "| x | | |"]
