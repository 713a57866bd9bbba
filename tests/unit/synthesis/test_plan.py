from collections import Counter

import pytest

from acutance.distortions import KINDS
from acutance.errors import ConfigError
from acutance.synthesis.plan import Choices, Item, LadderPlan, Plan, RandomPlan, derived_seed, items_from, plan_checksum
from tests.raising import raises


def choices(sources: int = 3, kinds: tuple[str, ...] = tuple(KINDS), seed: int = 0) -> Choices:
    names = [f"s{index}" for index in range(sources)]
    return Choices(names=names, kinds=kinds, levels=(1, 3, 5), seed=seed, ending=".png")


def items(plan: Plan) -> list[Item]:
    return list(items_from(plan, 0))


def test_a_ladder_has_every_kind_and_level_of_every_source():
    plan = LadderPlan(choices(kinds=("gblur", "jpeg")))
    assert len(plan) == 3 * 2 * 3
    assert [item.name for item in items(plan)][:7] == [
        "s0_01_01.png",
        "s0_01_03.png",
        "s0_01_05.png",
        "s0_10_01.png",
        "s0_10_03.png",
        "s0_10_05.png",
        "s1_01_01.png",
    ]


def test_mixtures_come_after_the_kinds_of_their_source():
    plan = LadderPlan(choices(sources=2, kinds=("gblur", "jpeg")), mixtures=2)
    assert [item.name for item in items(plan)][6:9] == ["s0_mixture_01.png", "s0_mixture_02.png", "s1_01_01.png"]
    mixture = plan.item(6)
    assert mixture.level is None
    assert mixture.distortion == "+".join(f"{kind}-{level}" for kind, level in mixture.mixture.steps)
    assert len(mixture.mixture.steps) == 2


def test_a_source_gets_the_same_whichever_others_there_are():
    few, many = LadderPlan(choices(sources=1), 1), LadderPlan(choices(sources=5), 1)
    assert items(few) == items(many)[: len(few)]
    assert few.item(0).mixture.seed != many.item(len(few)).mixture.seed


def test_all_names_of_a_plan_differ():
    for plan in (LadderPlan(choices(), 3), RandomPlan(choices(), 200, 0.3)):
        assert len({item.name.casefold() for item in items(plan)}) == len(plan)


def test_an_item_depends_on_the_seed_and_its_place_only():
    long, short = RandomPlan(choices(), 1000, 0.1), RandomPlan(choices(), 100, 0.1)
    assert items(long)[:100] == items(short)
    assert long.item(77) == items(long)[77]
    assert items(RandomPlan(choices(seed=1), 100, 0.1)) != items(short)


def test_kinds_levels_and_sources_have_their_turn_equally_often():
    made = items(RandomPlan(choices(sources=7), 7 * 75))
    assert set(Counter((item.distortion, item.level) for item in made).values()) == {7}
    assert set(Counter(item.source for item in made).values()) == {75}


def test_the_order_is_random():
    made = items(RandomPlan(choices(), 75))
    assert [KINDS[item.distortion].number for item in made] != sorted(KINDS[item.distortion].number for item in made)
    assert len({item.source for item in made[:10]}) == 3


@pytest.mark.parametrize("share", [0.0, 0.1, 0.29, 0.7, 1.0])
def test_mixtures_have_their_share_and_kinds_stay_even(share: float):
    made = items(RandomPlan(choices(), 300, share))
    mixed = [item for item in made if item.level is None]
    assert abs(len(mixed) - 300 * share) <= 1
    counts = Counter((item.distortion, item.level) for item in made if item.level is not None)
    assert not counts or max(counts.values()) - min(counts.values()) <= 1


def test_items_of_one_kind_and_level_draw_different_noise():
    plan = RandomPlan(choices(sources=1, kinds=("noisegauss",)), 30)
    assert len({item.mixture.seed for item in items(plan)}) == 30


def test_only_sources_whose_turn_comes_are_used():
    few = RandomPlan(choices(sources=50), 10)
    assert few.sources_used() == sorted({item.source for item in items(few)})
    assert len(few.sources_used()) == 10
    assert RandomPlan(choices(sources=5), 12).sources_used() == [0, 1, 2, 3, 4]


def test_mixtures_need_two_families():
    with raises(ConfigError, "gblur", "lblur"):
        RandomPlan(choices(kinds=("gblur", "lblur")), 10, 0.5)
    with raises(ConfigError, "jpeg"):
        LadderPlan(choices(kinds=("jpeg",)), 1)


def test_a_share_out_of_range_is_refused():
    with raises(ConfigError, 0, 1, 1.5):
        RandomPlan(choices(), 10, 1.5)


def test_the_checksum_sees_every_change():
    plans: list[Plan] = [
        RandomPlan(choices(), 50),
        RandomPlan(choices(), 51),
        RandomPlan(choices(seed=1), 50),
        RandomPlan(choices(), 50, 0.1),
        LadderPlan(choices()),
    ]
    assert len({plan_checksum(plan) for plan in plans}) == len(plans)
    assert plan_checksum(RandomPlan(choices(), 50)) == plan_checksum(plans[0])


def test_derived_seeds_differ_and_stay():
    assert derived_seed(0, "a") != derived_seed(0, "b") != derived_seed(1, "b")
    assert derived_seed(0, 1) == derived_seed(0, 1) < 2**63
