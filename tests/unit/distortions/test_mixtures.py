import json
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from acutance.distortions import KINDS, LEVELS, Mixture, apply_mixture, distort, draw_mixture
from acutance.errors import ConfigError, UnknownNameError
from tests.raising import raises


@given(seed=st.integers(0, 2**63))
def test_a_mixture_is_always_the_same_for_a_seed(seed: int):
    assert draw_mixture(seed) == draw_mixture(seed)


@given(seed=st.integers(0, 10**9), numbers=st.tuples(st.integers(1, 7), st.integers(1, 7)).map(sorted))
def test_a_mixture_has_at_most_one_kind_of_a_family(seed: int, numbers: list[int]):
    mixture = draw_mixture(seed, fewest=numbers[0], most=numbers[1])
    families = [KINDS[name].family for name, _ in mixture.steps]
    assert numbers[0] <= len(families) <= numbers[1]
    assert len(set(families)) == len(families)
    assert all(1 <= level <= LEVELS for _, level in mixture.steps)


def test_every_kind_occurs_and_weak_levels_are_more_frequent():
    steps = [step for seed in range(2000) for step in draw_mixture(seed).steps]
    assert {name for name, _ in steps} == set(KINDS)
    shares = np.array([Counter(level for _, level in steps)[level] for level in range(1, 6)]) / len(steps)
    weights = np.exp(-(np.arange(5) ** 2) / (2 * 2.5**2))
    np.testing.assert_allclose(shares, weights / weights.sum(), atol=0.02)


def test_the_number_of_steps_is_drawn_evenly():
    numbers = Counter(len(draw_mixture(seed, fewest=1, most=7).steps) for seed in range(3000))
    assert sorted(numbers) == list(range(1, 8))
    assert min(numbers.values()) > 0.8 * 3000 / 7


def test_a_mixture_draws_from_the_kinds_given():
    for seed in range(50):
        mixture = draw_mixture(seed, most=2, kinds=["jpeg", "gblur", "lblur"])
        assert {name for name, _ in mixture.steps} <= {"jpeg", "gblur", "lblur"}


@given(seed=st.integers(0, 2**63))
def test_a_mixture_survives_json(seed: int):
    mixture = draw_mixture(seed, fewest=1, most=7)
    assert Mixture.from_json(json.loads(json.dumps(mixture.to_json()))) == mixture


def test_the_written_form_is_frozen():
    mixture = Mixture((("gblur", 3), ("jpeg", 5)), seed=4)
    assert json.dumps(mixture.to_json()) == '{"seed": 4, "steps": [["gblur", 3], ["jpeg", 5]]}'


def test_a_mixture_is_its_steps_one_after_the_other(crop: NDArray[np.uint8]):
    mixture = Mixture((("noisegauss", 3), ("gblur", 3), ("darken", 4)), seed=9)
    image = crop / 255
    for name, level in mixture.steps:
        image = distort(image, name, level, seed=9)
    np.testing.assert_array_equal(apply_mixture(crop / 255, mixture), image)
    np.testing.assert_allclose(apply_mixture(crop, mixture) / 255, image, atol=0.5 / 255 + 1e-4)


def test_the_order_of_the_steps_matters(crop: NDArray[np.uint8]):
    one, other = Mixture((("gblur", 5), ("noisegauss", 5))), Mixture((("noisegauss", 5), ("gblur", 5)))
    assert (apply_mixture(crop, one) != apply_mixture(crop, other)).any()


@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64"])
def test_a_mixture_keeps_type_picture_and_what_the_mask_leaves_out(dtype: str, crop: NDArray[np.uint8]):
    image = crop if dtype == "uint8" else (crop / 255).astype(dtype)
    before, mask = image.copy(), np.zeros(crop.shape[:2], bool)
    mask[10:30, 10:30] = True
    mixed = apply_mixture(image, draw_mixture(1, fewest=4), mask=mask)
    np.testing.assert_array_equal(image, before)
    np.testing.assert_array_equal(mixed[~mask], image[~mask], strict=True)
    assert (mixed[mask] != image[mask]).any()


@pytest.mark.parametrize(
    ("steps", "seed", "words"),
    [
        ((), 0, ()),
        ((("gblur", 6),), 0, (1, 5, 6)),
        ((("gblur", 1), ("lblur", 2)), 0, ("blur", "gblur", "lblur")),
        ((("gblur", 1),), -3, (0, -3)),
    ],
)
def test_an_impossible_mixture_is_an_error(steps: tuple[tuple[str, int], ...], seed: int, words: tuple[object, ...]):
    with raises(ConfigError, *words):
        Mixture(steps, seed)


def test_an_unknown_kind_names_the_nearest():
    with raises(UnknownNameError, "pixellate", "pixelate"):
        Mixture((("pixellate", 1),))
    with raises(UnknownNameError, "jpegg", "jpeg"):
        draw_mixture(0, kinds=["jpegg"])


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"seed": 0},
        {"seed": 0, "steps": 3},
        {"seed": "x", "steps": [["gblur", 1]]},
        {"seed": 0, "steps": [["gblur"]]},
    ],
)
def test_a_record_that_is_none_is_an_error(record: dict[str, object]):
    with raises(ConfigError, record):
        Mixture.from_json(record)


@pytest.mark.parametrize(("fewest", "most"), [(0, 3), (4, 3), (2, 8)])
def test_impossible_numbers_are_an_error(fewest: int, most: int):
    with raises(ConfigError, 7, fewest, most):
        draw_mixture(0, fewest=fewest, most=most)
    with raises(ConfigError, -1):
        draw_mixture(-1)
