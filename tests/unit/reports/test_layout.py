from pathlib import Path

from acutance.errors import ConfigError
from acutance.reports.plots.labels import grid_of, labels_of, merged_runs
from tests.raising import raises
from tests.unit.reports.drawn import evaluation_of, rising, run_of

ONE = evaluation_of(*rising(3))


def names(run):
    return [evaluation.model for evaluation in run.evaluations]


def test_a_label_takes_the_place_of_the_model_of_a_file():
    assert names(merged_runs([run_of(ONE), run_of(ONE)], ["before", "after"])) == ["before", "after"]


def test_a_label_stands_before_the_models_of_a_file_of_several():
    several = run_of(ONE, evaluation_of(*rising(3), model="ssim"))
    assert names(merged_runs([several, run_of(ONE)], ["a", "b"])) == ["a: psnr", "a: ssim", "b"]


def test_without_labels_the_names_of_the_models_are_kept():
    assert names(merged_runs([run_of(ONE), run_of(evaluation_of(*rising(3), model="ssim"))])) == ["psnr", "ssim"]


def test_parts_and_protocols_of_one_data_set_are_apart():
    halves = [evaluation_of(*rising(3), part=part) for part in ("train", "test")]
    named = ONE.model_copy(update={"protocol": "afine-stage1", "part": "test"})
    assert grid_of(run_of(ONE, *halves, named)).datasets == (
        "tid2013", "tid2013 (train)", "tid2013 (test)", "tid2013 (test, afine-stage1)",
    )  # fmt: skip


def test_files_of_results_are_called_by_their_folders(tmp_path: Path):
    (tmp_path / "mine.json").write_text("{}")
    places = [
        tmp_path / "a" / "comparison.json",
        tmp_path / "b" / "eval_results.json",
        tmp_path / "mine.json",
        tmp_path,
    ]
    assert labels_of(places, []) == ["a", "b", "mine", tmp_path.name]


def test_labels_must_be_as_many_as_files():
    with raises(ConfigError, 2, 1):
        labels_of([Path("a")], ["x", "y"])
