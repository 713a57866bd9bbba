import csv
import json
import math
from pathlib import Path

import numpy as np
import pytest

from acutance.errors import EvaluationError
from acutance.evaluation.files import model_folders, read_run, results_files, write_plain_results, write_run
from acutance.evaluation.results import Evaluation, Prediction
from tests.raising import raises
from tests.unit.evaluation.runs import evaluation_like, model_test, run_like

DATA = Path(__file__).parents[2] / "data/files_of_0_1"
STORED = Path(__file__).parents[2] / "data/evaluation_results"


def two_models() -> list[Evaluation]:
    return [evaluation_like("ssim"), evaluation_like("psnr"), evaluation_like("psnr", "other")]


def test_one_model_is_read_back_the_same(tmp_path: Path):
    run = run_like(evaluation_like(), evaluation_like(dataset="other"))
    written = write_run(run, tmp_path)
    assert [path.name for path in written] == ["eval_results.json", "results.csv"]
    assert read_run(tmp_path) == run
    assert read_run(tmp_path / "eval_results.json") == run


@pytest.mark.parametrize("name", ["one_model", "two_models"])
def test_stored_results_are_read_and_written_back_byte_for_byte(tmp_path: Path, name: str):
    write_run(read_run(STORED / name), tmp_path)
    stored = {path.relative_to(STORED / name): path.read_bytes() for path in (STORED / name).rglob("*.*")}
    assert {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*.*")} == stored
    assert len(stored) == (2 if name == "one_model" else 5)


def test_a_file_of_0_1_is_read_with_its_infinite_score():
    (evaluation,) = read_run(DATA / "eval_results.json").evaluations
    predicted = {one.image: one.predicted for one in evaluation.predictions}
    assert predicted["out/a.png"] == math.inf
    assert predicted["out/d.png"] is None
    assert evaluation.agreement.clipped == 1


def test_a_note_of_a_test_between_models_comes_back_with_an_infinite_statistic(tmp_path: Path):
    perfect = model_test(statistic=math.inf, note="few images")
    run = run_like(*two_models(), tests=(perfect,))
    write_run(run, tmp_path)
    assert read_run(tmp_path).tests == [perfect]


def test_several_models_are_read_back_the_same_in_their_order_with_their_tests(tmp_path: Path):
    perfect = model_test(statistic=float("inf"), p_value=0.0)  # the F-test against a model without any error
    run = run_like(*two_models(), tests=(model_test("ssim", "psnr"), model_test(statistic=None, p_value=None), perfect))
    written = [path.relative_to(tmp_path).as_posix() for path in write_run(run, tmp_path)]
    assert written == [
        "ssim/eval_results.json",
        "psnr/eval_results.json",
        "run.json",
        "results.csv",
        "model_tests.csv",
    ]
    assert read_run(tmp_path) == run
    assert [one.model for one in read_run(str(tmp_path / "psnr")).evaluations] == ["psnr", "psnr"]


def test_the_tests_between_models_are_a_table_too(tmp_path: Path):
    write_run(run_like(*two_models(), tests=(model_test(p_corrected=None),)), tmp_path)
    (row,) = csv.DictReader((tmp_path / "model_tests.csv").read_text().splitlines())
    assert (row["first"], row["second"], row["test"]) == ("psnr", "ssim", "williams")
    assert (row["p_value"], row["p_corrected"]) == ("0.01", "")


def test_the_file_has_the_fields_of_ms_hyperiqa(tmp_path: Path):
    write_run(run_like(), tmp_path)
    fields = json.loads((tmp_path / "eval_results.json").read_text(encoding="utf-8"))
    assert list(fields)[:3] == ["model_path", "model_type", "eval_time"]
    assert (fields["model_path"], fields["model_type"]) == ("p.pth", "psnr")
    mine = fields["datasets"]["mine"]
    assert {name: mine["metrics"][name] for name in ("srcc", "plcc", "num_samples")} == {
        "srcc": 0.9,
        "plcc": 0.95,
        "num_samples": 3,
    }
    assert mine["predictions"][1] == {
        "image": "b.png",
        "predicted": None,
        "ground_truth": 2.0,
        "error": "no such file",
    }


def test_a_file_of_ms_hyperiqa_is_read(tmp_path: Path):
    theirs = {
        "model_path": "/runs/best_model.pkl",
        "model_type": "MS-HyperIQA",
        "eval_time": "2025-12-01 10:00:00",
        "patch_num": 25,
        "datasets": {
            "koniq_test": {
                "metrics": {"srcc": 0.91, "plcc": 0.92, "num_samples": 2},
                "predictions": [
                    {"image": "koniq/a.jpg", "predicted": 51.5, "ground_truth": 60},
                    {"image": "koniq/b.jpg", "predicted": 70.0, "ground_truth": 71.25},
                ],
            }
        },
    }
    (tmp_path / "eval_results.json").write_text(json.dumps(theirs, indent=2))
    run = read_run(tmp_path)
    (one,) = run.evaluations
    assert (run.eval_time, one.model, one.dataset) == ("2025-12-01 10:00:00", "MS-HyperIQA", "koniq_test")
    assert (one.agreement.count, one.agreement.srcc, one.agreement.krcc) == (2, 0.91, None)
    assert (one.agreement.plcc, one.agreement.plcc_unfitted) == (0.92, 0.92)
    assert one.agreement.curve is not None
    assert one.agreement.curve.kind == "none"
    assert [row.ground_truth for row in one.predictions] == [60.0, 71.25]


def test_two_runs_of_a_model_are_told_apart_by_their_folders(tmp_path: Path):
    write_run(run_like(eval_time="2030-01-31 12:00:00"), tmp_path / "before")
    write_run(run_like(eval_time="2030-02-01 12:00:00"), tmp_path / "after")
    run = read_run([tmp_path / "before", tmp_path / "after" / "eval_results.json"])
    assert [one.model for one in run.evaluations] == ["psnr (before)", "psnr (after)"]
    assert run.eval_time == "2030-02-01 12:00:00"


def test_runs_of_different_models_keep_their_names(tmp_path: Path):
    write_run(run_like(), tmp_path / "a")
    write_run(run_like(evaluation_like("ssim")), tmp_path / "b")
    assert [one.model for one in read_run([tmp_path / "a", tmp_path / "b"]).evaluations] == ["psnr", "ssim"]


def test_a_folder_of_folders_without_an_index_is_read(tmp_path: Path):
    for name in ("a", "b"):
        write_run(run_like(evaluation_like(name)), tmp_path / name)
    assert [one.model for one in read_run(tmp_path).evaluations] == ["a", "b"]


def test_results_of_another_number_of_models_do_not_mix_with_older_ones(tmp_path: Path):
    both, alone = run_like(*two_models(), tests=(model_test(),)), run_like()
    for run in (alone, both, alone):
        write_run(run, tmp_path)
        assert read_run(tmp_path) == run
    assert not (tmp_path / "model_tests.csv").exists()


def test_nothing_is_left_beside_the_files(tmp_path: Path):
    write_run(run_like(*two_models()), tmp_path)
    names = sorted(path.name for path in tmp_path.rglob("*") if path.is_file())
    assert names == ["eval_results.json", "eval_results.json", "results.csv", "run.json"]


def test_folders_of_models_differ_even_where_letters_do_not_count():
    assert model_folders(["a/b", "A:B", "..", "plots"]) == {
        "a/b": "a_b",
        "A:B": "A_B-2",
        "..": "model",
        "plots": "plots-2",
    }


def test_the_files_of_a_run_are_known_before_it(tmp_path: Path):
    for models in (["psnr"], ["ssim", "psnr"]):
        folder = tmp_path / str(len(models))
        run = run_like(*[evaluation_like(name) for name in models], tests=(model_test(),))
        assert set(write_run(run, folder)) <= set(results_files(models, folder))


def test_a_model_twice_on_a_data_set_is_an_error(tmp_path: Path):
    with raises(EvaluationError, "psnr", "mine"):
        write_run(run_like(evaluation_like(), evaluation_like()), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_empty_run_is_an_error(tmp_path: Path):
    with raises(EvaluationError):
        write_run(run_like(evaluations=[]), tmp_path)


def test_a_place_that_cannot_be_written_to_is_an_error(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with raises(EvaluationError, "file"):
        write_run(run_like(), tmp_path / "file")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("none.json", None, ("none.json",)),
        ("cut.json", '{"model_type": ', ("cut.json",)),
        ("list.json", "[]", ("list.json",)),
        ("other.json", '{"epochs": []}', ("model_type", "other.json", "epochs")),
        (
            "short.json",
            '{"model_type": "m", "datasets": {"d": {"metrics": {"srcc": 1}}}}',
            ("short.json", "KeyError", "plcc"),
        ),
        (
            "typed.json",
            '{"model_type": "m", "datasets": {"d": {"metrics": {"srcc": 1, "plcc": "x", "num_samples": 3},'
            ' "predictions": []}}}',
            ("typed.json", "plcc"),
        ),
    ],
)
def test_a_damaged_file_is_one_clear_line(tmp_path: Path, name: str, content: str | None, words: tuple[object, ...]):
    if content is not None:
        (tmp_path / name).write_text(content)
    with raises(EvaluationError, *words) as caught:
        read_run(tmp_path / name)
    assert "\n" not in str(caught.value)


def test_a_folder_without_results_is_an_error(tmp_path: Path):
    with raises(EvaluationError, "eval_results.json"):
        read_run(tmp_path)
    with raises(EvaluationError):
        read_run([])


def test_an_index_that_names_lost_folders_is_an_error(tmp_path: Path):
    write_run(run_like(*two_models()), tmp_path)
    (tmp_path / "psnr" / "eval_results.json").unlink()
    with raises(EvaluationError, "run.json"):
        read_run(tmp_path)
    (tmp_path / "run.json").write_text(json.dumps({"models": [], "tests": [{}]}))
    with raises(EvaluationError, "run.json"):
        read_run(tmp_path)


def test_damaged_tests_are_an_error(tmp_path: Path):
    write_run(run_like(*two_models()), tmp_path)
    fields = json.loads((tmp_path / "run.json").read_text())
    (tmp_path / "run.json").write_text(json.dumps(fields | {"tests": [{"dataset": "mine"}]}))
    with raises(EvaluationError, "run.json"):
        read_run(tmp_path)


def test_ms_hyperiqa_s_own_layout_has_its_fields_alone(tmp_path: Path):
    rows = [
        Prediction(image=f"{number}.png", predicted=float(number), ground_truth=truth)
        for number, truth in enumerate((1.0, 3.0, 2.0, 5.0, None))
    ]
    failed = Prediction(image="gone.png", predicted=None, ground_truth=4.0, error="no such file")
    evaluation = evaluation_like("ms_hyperiqa", "koniq_test").model_copy(update={"predictions": [*rows, failed]})
    run = run_like(evaluation)
    fields = json.loads(write_plain_results(run, tmp_path / "eval_results.json").read_text())
    assert list(fields) == ["model_path", "model_type", "eval_time", "datasets"]
    assert (fields["model_type"], fields["eval_time"]) == ("MS-HyperIQA", run.eval_time)
    koniq = fields["datasets"]["koniq_test"]
    assert koniq["metrics"] == {
        "srcc": pytest.approx(0.8),
        "plcc": pytest.approx(float(np.corrcoef([0, 1, 2, 3], [1, 3, 2, 5])[0, 1])),
        "num_samples": 4,
    }
    assert koniq["predictions"][1] == {"image": "1.png", "predicted": 1.0, "ground_truth": 3.0}
    assert read_run(tmp_path / "eval_results.json").evaluations[0].agreement.count == 4


def test_ms_hyperiqa_s_own_layout_is_for_one_model(tmp_path: Path):
    with raises(EvaluationError, "ssim", "psnr"):
        write_plain_results(run_like(*two_models()), tmp_path / "eval_results.json")
