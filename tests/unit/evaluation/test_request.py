from dataclasses import replace
from pathlib import Path

import pytest
from scipy import stats

from acutance.datasets.splits import split_table, write_split
from acutance.datasets.table import OpinionTable
from acutance.errors import EvaluationError, UnknownNameError
from acutance.evaluation.api import EvaluationRequest, Measures
from acutance.evaluation.files import read_run
from acutance.evaluation.model_scores import Rerun
from acutance.evaluation.results import EvaluationRun
from tests.fakes.rated_set import write_rated_set
from tests.raising import raises

QUICK = Measures(draws=0)


@pytest.fixture
def table(tmp_path: Path) -> OpinionTable:
    return write_rated_set(tmp_path / "set", references=3, levels=3)


def scores_file(table: OpinionTable, path: Path, *names: str) -> Path:
    """Scores that are the opinions, or their reverse for every second model."""
    lines = [
        ",".join([row.image, *(str((row.mos or 0) * (-1) ** place) for place in range(len(names)))]) for row in table
    ]
    path.write_text("\n".join([",".join(["image", *names]), *reversed(lines)]) + "\n")
    return path


def finished(request: EvaluationRequest) -> EvaluationRun:
    request.load_models(device="cpu", offline=True)
    request.score()
    return request.evaluate()


def test_models_and_files_are_evaluated_beside_each_other(table: OpinionTable, tmp_path: Path):
    path = scores_file(table, tmp_path / "s.csv", "ours", "theirs")
    request = EvaluationRequest(
        ["psnr"], table, scores=[path], better={"ours": "higher", "theirs": "higher"}, measures=QUICK
    )
    run = finished(request)
    assert [one.model for one in run.evaluations] == ["psnr", "ours", "theirs"]
    psnr, ours, theirs = run.evaluations
    assert [ours.agreement.srcc, theirs.agreement.srcc] == pytest.approx([1, -1])
    expected = stats.spearmanr(
        [row.predicted for row in psnr.predictions], [row.ground_truth for row in psnr.predictions]
    )
    assert psnr.agreement.srcc == pytest.approx(expected.statistic)
    assert {(test.first, test.second) for test in run.tests} == {
        ("psnr", "ours"),
        ("psnr", "theirs"),
        ("ours", "theirs"),
    }
    assert [one["model"] for one in run.provenance["rated"]["models"]] == ["psnr"]  # type: ignore[index]
    assert run.provenance["rated"]["files"][0]["file"] == str(path)  # type: ignore[index]


def test_the_mark_of_lower_is_better_turns_the_sign(table: OpinionTable, tmp_path: Path):
    path = scores_file(table, tmp_path / "s.csv", "ours")
    run = finished(EvaluationRequest([], table, scores=[path], better={"ours": "lower"}, measures=QUICK))
    assert run.evaluations[0].agreement.srcc == pytest.approx(-1)
    turned = OpinionTable([replace(row, better="lower") for row in table], table.root, table.name)
    run = finished(EvaluationRequest([], turned, scores=[path], better={"ours": "lower"}, measures=QUICK))
    assert run.evaluations[0].agreement.srcc == pytest.approx(1)


def test_several_data_sets_make_a_matrix_with_one_loading(table: OpinionTable, tmp_path: Path):
    second = write_rated_set(tmp_path / "second", references=2, levels=2, name="second")
    run = finished(EvaluationRequest(["psnr", "gmsd"], [table, second], measures=QUICK))
    assert [(one.dataset, one.model, one.agreement.count) for one in run.evaluations] == [
        ("rated", "psnr", 18),
        ("rated", "gmsd", 18),
        ("second", "psnr", 8),
        ("second", "gmsd", 8),
    ]


def test_what_is_written_is_read_back_the_same(table: OpinionTable, tmp_path: Path):
    request = EvaluationRequest(["psnr", "ssim"], table, measures=Measures(draws=20), output=tmp_path / "out")
    run = finished(request)
    request.write(run)
    assert read_run(tmp_path / "out") == run
    assert (tmp_path / "out/scores/rated.csv").is_file()


def test_results_are_never_replaced_unasked(table: OpinionTable, tmp_path: Path):
    path = scores_file(table, tmp_path / "s.csv", "psnr")
    request = EvaluationRequest([], table, scores=[path], measures=QUICK, output=tmp_path)
    request.write(finished(request))
    with raises(EvaluationError, "eval_results.json", "--resume", "--overwrite"):
        EvaluationRequest([], table, scores=[path], measures=QUICK, output=tmp_path)
    for rerun in (Rerun(resume=True), Rerun(overwrite=True)):
        EvaluationRequest([], table, scores=[path], measures=QUICK, output=tmp_path, rerun=rerun)


def test_a_split_is_evaluated_on_its_test_part_by_its_scenes(table: OpinionTable, tmp_path: Path):
    write_split(tmp_path / "split.json", split_table(table, "hyperiqa"))
    request = EvaluationRequest(["psnr"], table, splits=[tmp_path / "split.json"], measures=QUICK)
    (one,) = finished(request).evaluations
    assert (one.part, len({row.scene for row in one.predictions}), one.agreement.count) == ("test", 1, 6)


@pytest.fixture
def many_scenes(tmp_path: Path) -> OpinionTable:
    return write_rated_set(tmp_path / "many", references=10, levels=1)


def test_the_curve_is_the_logistic_of_vqeg_unless_the_protocol_or_the_user_says_another(many_scenes: OpinionTable):
    def curve(**chosen) -> str:
        return EvaluationRequest(["psnr"], many_scenes, measures=Measures(draws=0, **chosen)).statistics.curve

    assert curve() == "logistic4"
    assert curve(protocol="vtamiq") == "logistic5"
    assert curve(protocol="vtamiq", curve="linear") == "linear"


def test_a_protocol_adds_its_numbers_and_groups(many_scenes: OpinionTable):
    request = EvaluationRequest(["psnr"], many_scenes, measures=Measures(draws=0, protocol="hyperiqa"))
    (one,) = finished(request).evaluations
    assert one.protocol == "hyperiqa"
    assert one.protocol_results
    assert {"distortion", "level", "reference"} < set(one.groups)


def test_progress_of_statistics_counts_all_draws(table: OpinionTable):
    request = EvaluationRequest(["psnr", "ssim"], table, measures=Measures(draws=10))
    request.load_models(device="cpu", offline=True)
    request.score()
    seen: list[tuple[int, int]] = []
    request.evaluate(lambda done, total: seen.append((done, total)))
    assert seen[-1] == (20, 20)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert (10, 20) in seen


def test_a_user_is_told_what_will_be_scored(table: OpinionTable):
    assert EvaluationRequest(["psnr"], table, measures=QUICK).report() == ["rated: 18 pictures by psnr"]


def test_nothing_to_evaluate_is_refused(table: OpinionTable):
    with raises(EvaluationError):
        EvaluationRequest([], table)


def test_a_model_that_is_run_and_in_a_file_is_refused(table: OpinionTable, tmp_path: Path):
    path = scores_file(table, tmp_path / "s.csv", "psnr")
    with raises(EvaluationError, "psnr"):
        EvaluationRequest(["psnr"], table, scores=[path])


def test_a_direction_of_a_model_that_is_in_no_file_is_refused(table: OpinionTable):
    with raises(EvaluationError, "psnr"):
        EvaluationRequest(["psnr"], table, better={"psnr": "lower"})


def test_an_unknown_protocol_has_the_nearest_offered(table: OpinionTable):
    with raises(UnknownNameError, "vtamik", "vtamiq"):
        EvaluationRequest(["psnr"], table, measures=Measures(protocol="vtamik"))


def test_writing_needs_a_folder(table: OpinionTable, tmp_path: Path):
    path = scores_file(table, tmp_path / "s.csv", "psnr")
    request = EvaluationRequest([], table, scores=[path], measures=QUICK)
    with raises(EvaluationError):
        request.write(finished(request))
