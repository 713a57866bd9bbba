from collections.abc import Callable

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from acutance.stats.faults import StatisticsError
from acutance.stats.multiplicity import benjamini_hochberg, bonferroni, holm
from tests.raising import raises

METHODS = [(bonferroni, "bonferroni"), (holm, "holm"), (benjamini_hochberg, "fdr_bh")]
Correction = Callable[[np.ndarray], np.ndarray]

# Benjamini and Hochberg (1995), section 3.2: 15 comparisons after a heart attack.
PUBLISHED = np.array(
    [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1]
)


FAMILIES = [
    PUBLISHED[::-1],
    np.array([0.03, 0.01, 0.03, 0.01, 0.5, 0.5]),
    np.array([0.0, 1.0, 0.0]),
    np.array([0.2]),
    np.random.default_rng(0).uniform(0, 0.2, 40),
]


@pytest.mark.parametrize(("correct", "name"), METHODS)
@pytest.mark.parametrize("family", FAMILIES, ids=["published", "ties", "ends", "one", "many"])
def test_statsmodels_corrects_alike(correct: Correction, name: str, family: np.ndarray):
    np.testing.assert_allclose(correct(family), multipletests(family, method=name)[1], rtol=1e-12)


@pytest.mark.parametrize(("correct", "rejected"), [(bonferroni, 3), (holm, 3), (benjamini_hochberg, 4)])
def test_the_example_of_benjamini_and_hochberg_rejects_as_many(correct: Correction, rejected: int):
    assert int((correct(PUBLISHED) <= 0.05).sum()) == rejected


@pytest.mark.parametrize(("correct", "name"), METHODS)
def test_no_tests_have_no_corrections(correct: Correction, name: str):
    assert correct(np.array([])).tolist() == [], name


@pytest.mark.parametrize(("correct", "name"), METHODS)
@pytest.mark.parametrize("wrong", [np.nan, -0.1, 1.1])
def test_what_is_no_p_value_is_named(correct: Correction, name: str, wrong: float):
    with raises(StatisticsError, f"{wrong:g}"):
        correct(np.array([0.5, wrong]))


def test_a_plain_list_will_do():
    assert holm([0.01, 0.04]).tolist() == [0.02, 0.04]
