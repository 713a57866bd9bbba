import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from acutance.datasets.targets import Logistic, fit_logistic, fit_naturalness_calibrator
from acutance.errors import DatasetError
from tests.raising import raises


@pytest.fixture(scope="module")
def golden() -> dict[str, Any]:
    path = Path(__file__).parents[2] / "golden" / "afine.json"
    return dict(json.loads(path.read_text())["training_units"])


def test_the_authors_fits_come_out(golden: dict[str, Any]):
    random = np.random.RandomState(0)  # the draws are told in the golden case
    values = random.normal(5, 20, 60)
    first = fit_naturalness_calibrator(values, 4 / (1 + np.exp(-(values - 3) / 12)) - 2 + 0.1 * random.normal(size=60))
    assert first.centre == pytest.approx(golden["fit_stage1"]["beta3"], abs=1e-6)
    assert first.scale == pytest.approx(golden["fit_stage1"]["beta4"], abs=1e-6)
    values = random.normal(-2, 3, 60)
    targets = 100 / (1 + np.exp(-(values + 1.5) / 2)) + random.normal(size=60)
    last = fit_logistic(values, targets, low=0, high=100)
    assert last.centre == pytest.approx(golden["fit_stage3"]["beta3"], abs=1e-6)
    assert last.scale == pytest.approx(golden["fit_stage3"]["beta4"], abs=1e-6)


def test_a_logistic_without_noise_is_found_again():
    values = np.linspace(-100, 100, 81)
    true = Logistic(4.9592, 21.5968, -2.0, 2.0)  # A-FINE's own values
    found = fit_logistic(values, true(values), low=-2, high=2)
    assert found.centre == pytest.approx(4.9592, abs=1e-6)
    assert found.scale == pytest.approx(21.5968, abs=1e-6)


def test_a_calibrator_rises_from_end_to_end():
    curve = Logistic(1.0, 2.0, -2.0, 2.0)
    np.testing.assert_allclose(curve(np.array([-1e4, 1.0, 1e4])), [-2, 0, 2])


def test_values_that_fall_with_their_targets_have_no_fit():
    values = np.linspace(-10, 10, 41)
    with raises(DatasetError, 41):
        fit_logistic(values, -values, low=-2, high=2)


@pytest.mark.parametrize(
    ("values", "targets", "words"),
    [
        ([1.0, 1.0, 1.0], [1.0, 0.0, 2.0], (1, 1)),
        ([1.0, 2.0, 3.0], [1.0, 1.0, 1.0], (1, 1)),
    ],
)
def test_values_that_cannot_be_fitted_are_an_error(
    values: list[float], targets: list[float], words: tuple[object, ...]
):
    with raises(DatasetError, *words):
        fit_naturalness_calibrator(np.array(values), np.array(targets))


@pytest.mark.usefixtures("as_users_run_it")
def test_every_value_needs_a_target():
    with raises(DatasetError, 1, 2):
        fit_naturalness_calibrator(np.array([1.0, 2.0]), np.array([1.0]))
