import numpy as np
import pytest
from scipy import stats

from acutance.datasets.splits import repeated_splits
from acutance.datasets.table import OpinionTable, RatedImage
from acutance.errors import ConfigError, DatasetError
from acutance.evaluation.measure import EvaluationOptions, Scores
from acutance.evaluation.protocols import find_protocol
from acutance.types import Better
from tests.raising import lacking, raises
from tests.unit.datasets.tables import full_reference, pictures, rated, table_of


def noisy_scores(table: OpinionTable, *, slope: float = 1.0, noise: float = 1.5) -> Scores:
    draw = np.random.default_rng(3)
    return {(row.image, row.reference): slope * (row.mos or 0.0) + float(draw.normal(0, noise)) for row in table}


def run(name: str, table: OpinionTable, scores: Scores, *, better: Better = "higher", seed: int = 0):
    return find_protocol(name).prepare(table, EvaluationOptions(seed=seed), None).outcome(scores, better)


def columns_of_test(table: OpinionTable, test: tuple[str, ...], scores: Scores) -> tuple[np.ndarray, np.ndarray]:
    rows = [row for row in table if row.reference in test]
    return np.array([scores[row.image, row.reference] for row in rows]), np.array([row.mos for row in rows])


def test_hyperiqa_sums_up_ten_test_parts_without_a_curve():
    """Against scipy's correlations of each part and numpy's median and spread of them."""
    table = full_reference(20, 8)
    scores = noisy_scores(table)
    splits = repeated_splits(table, "hyperiqa", count=10, seed=4)
    parts = [columns_of_test(table, split.test, scores) for split in splits]
    found = run("hyperiqa", table, scores, seed=4)
    for name, statistic in (("srcc", stats.spearmanr), ("plcc", stats.pearsonr)):
        values = [statistic(*part).statistic for part in parts]
        assert found.results[f"{name}_median"] == pytest.approx(np.median(values))
        assert found.results[f"{name}_mean"] == pytest.approx(np.mean(values))
        assert found.results[f"{name}_std"] == pytest.approx(np.std(values))
        assert (found.results[f"{name}_min"], found.results[f"{name}_max"]) == pytest.approx((min(values), max(values)))
    assert found.results["splits"] == 10
    assert found.results["seed"] == 4
    assert not any(name.startswith("rmse") for name in found.results)


def test_vtamiq_sums_up_twenty_test_parts_after_the_curve_of_five_parameters():
    """Ranks against scipy; errors against the best line, which no curve with a line in it can be worse than."""
    table = full_reference(25, 10)
    scores = noisy_scores(table, slope=-1.0)
    parts = [columns_of_test(table, split.test, scores) for split in repeated_splits(table, "vtamiq", count=20, seed=0)]
    found = run("vtamiq", table, scores, better="lower")
    for name, statistic in (("srcc", stats.spearmanr), ("krcc", stats.kendalltau)):
        values = [-statistic(*part).statistic for part in parts]
        assert found.results[f"{name}_median"] == pytest.approx(np.median(values))
        assert found.results[f"{name}_std"] == pytest.approx(np.std(values))
    lines = [np.sqrt(np.mean((np.polyval(np.polyfit(*part, 1), part[0]) - part[1]) ** 2)) for part in parts]
    assert 0.9 * np.mean(lines) < (found.results["rmse_mean"] or 0) <= np.mean(lines) + 1e-9
    assert {group.agreement.curve.wanted for group in found.groups["split"] if group.agreement.curve} == {"logistic5"}


@pytest.mark.parametrize(("name", "count", "scenes"), [("hyperiqa", 10, 5), ("vtamiq", 20, 5)])
def test_every_test_part_is_told_by_the_seed_of_its_split(name: str, count: int, scenes: int):
    """25 references give 5 to the test by both rules (round(0.8 n) and floor(0.2 n))."""
    table = full_reference(25, 4)
    groups = run(name, table, noisy_scores(table)).groups["split"]
    splits = repeated_splits(table, name, count=count, seed=0)
    assert [group.name for group in groups] == [f"seed {split.seed}" for split in splits]
    assert {group.agreement.count for group in groups} == {scenes * 4}


def test_a_failed_picture_is_missing_from_the_parts_it_would_test():
    table = full_reference(10, 5)
    scores = {**noisy_scores(table), ("images/r003_0.png", "images/r003.bmp"): None}
    splits = repeated_splits(table, "hyperiqa", count=10, seed=0)
    counts = [group.agreement.count for group in run("hyperiqa", table, scores).groups["split"]]
    assert counts == [9 if "images/r003.bmp" in split.test else 10 for split in splits]
    assert 9 in counts


def test_a_part_without_a_number_leaves_none_of_its_median():
    table = full_reference(10, 5)
    scores = {key: 1.0 if key[0] < "images/r005" else score for key, score in noisy_scores(table).items()}
    found = run("hyperiqa", table, scores)
    problems = [group.agreement.problem for group in found.groups["split"] if group.agreement.srcc is None]
    assert 0 < len(problems) < 10
    assert all(not lacking(problem, "scores", 1) for problem in problems)
    assert {value for name, value in found.results.items() if name.startswith("srcc")} == {None}


def test_only_rated_pictures_are_split_and_needed():
    unrated = [rated(f"images/x{number}.png", None, reference="images/x.bmp") for number in range(3)]
    table = full_reference(10, 4)
    prepared = find_protocol("hyperiqa").prepare(table_of(*table, *unrated), EvaluationOptions(), None)
    assert prepared.needed == [(row.image, row.reference) for row in table]
    assert prepared.notes == ["10 random splits with seed 0, 2 scenes of fake in each test part"]


def test_pictures_without_reference_are_scenes_of_their_own():
    table = pictures(50)
    prepared = find_protocol("hyperiqa").prepare(table, EvaluationOptions(), None)
    assert prepared.needed[0] == ("p0000.jpg", None)
    assert "10 scenes" in prepared.notes[0]


def test_too_few_scenes_are_an_error_before_anything_is_scored():
    with raises(ConfigError, "6:2:2", 3):
        find_protocol("vtamiq").prepare(full_reference(3, 4), EvaluationOptions(), None)


def test_a_table_that_nobody_rated_is_an_error():
    with raises(DatasetError, "fake"):
        find_protocol("hyperiqa").prepare(table_of(RatedImage(image="a.png")), EvaluationOptions(), None)
