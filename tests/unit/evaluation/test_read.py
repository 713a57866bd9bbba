from dataclasses import replace
from pathlib import Path

import pytest
from scipy import stats

from acutance.datasets.splits import split_table, write_split
from acutance.datasets.table import OpinionTable
from acutance.errors import EvaluationError, UnknownNameError
from acutance.evaluation.api import Work, measure, read, score, with_tests
from acutance.evaluation.files import read_run, write_run
from acutance.evaluation.measure import EvaluationOptions
from acutance.evaluation.results import EvaluationRun
from tests.fakes.rated_set import write_rated_set
from tests.raising import raises

QUICK = EvaluationOptions(draws=0)


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


def finished(work: Work) -> EvaluationRun:
    work.load_models()
    score(work)
    return with_tests(measure(work))


def test_models_and_files_are_evaluated_beside_each_other(table: OpinionTable, tmp_path: Path):
    path = scores_file(table, tmp_path / "s.csv", "ours", "theirs")
    work = read(["psnr"], table, scores=[path], better={"ours": "higher", "theirs": "higher"}, options=QUICK)
    run = finished(work)
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
    run = finished(read([], table, scores=[path], better={"ours": "lower"}, options=QUICK))
    assert run.evaluations[0].agreement.srcc == pytest.approx(-1)
    turned = OpinionTable([replace(row, better="lower") for row in table], table.root, table.name)
    run = finished(read([], turned, scores=[path], better={"ours": "lower"}, options=QUICK))
    assert run.evaluations[0].agreement.srcc == pytest.approx(1)


def test_several_data_sets_make_a_matrix_with_one_loading(table: OpinionTable, tmp_path: Path):
    second = write_rated_set(tmp_path / "second", references=2, levels=2, name="second")
    run = finished(read(["psnr", "gmsd"], [table, second], options=QUICK))
    assert [(one.dataset, one.model, one.agreement.count) for one in run.evaluations] == [
        ("rated", "psnr", 18),
        ("rated", "gmsd", 18),
        ("second", "psnr", 8),
        ("second", "gmsd", 8),
    ]


def test_what_is_written_is_read_back_the_same(table: OpinionTable, tmp_path: Path):
    work = read(["psnr", "ssim"], table, options=EvaluationOptions(draws=20), output=tmp_path / "out")
    run = finished(work)
    write_run(run, tmp_path / "out")
    assert read_run(tmp_path / "out") == run
    assert (tmp_path / "out/scores/rated.csv").is_file()


def test_results_are_never_replaced_unasked(table: OpinionTable, tmp_path: Path):
    path = scores_file(table, tmp_path / "s.csv", "psnr")
    work = read([], table, scores=[path], options=QUICK, output=tmp_path)
    write_run(finished(work), tmp_path)
    with raises(EvaluationError, "eval_results.json", "--resume", "--overwrite"):
        read([], table, scores=[path], options=QUICK, output=tmp_path)
    read([], table, scores=[path], options=QUICK, output=tmp_path, resume=True)
    read([], table, scores=[path], options=QUICK, output=tmp_path, overwrite=True)


def test_a_split_is_evaluated_on_its_test_part_by_its_scenes(table: OpinionTable, tmp_path: Path):
    write_split(tmp_path / "split.json", split_table(table, "hyperiqa"))
    work = read(["psnr"], table, splits=[tmp_path / "split.json"], options=QUICK)
    (one,) = finished(work).evaluations
    assert (one.part, len({row.scene for row in one.predictions}), one.agreement.count) == ("test", 1, 6)


@pytest.fixture
def many_scenes(tmp_path: Path) -> OpinionTable:
    return write_rated_set(tmp_path / "many", references=10, levels=1)


def test_the_curve_is_the_logistic_of_vqeg_unless_the_protocol_or_the_user_says_another(many_scenes: OpinionTable):
    def curve(**chosen) -> str | None:
        run = finished(read(["psnr"], many_scenes, options=EvaluationOptions(draws=0, **chosen)))
        fitted = run.evaluations[0].agreement.curve
        return fitted.wanted if fitted else None

    assert curve() == "logistic4"
    assert curve(protocol="vtamiq") == "logistic5"
    assert curve(protocol="vtamiq", curve="linear") == "linear"


def test_a_protocol_adds_its_numbers_and_groups(many_scenes: OpinionTable):
    work = read(["psnr"], many_scenes, options=EvaluationOptions(draws=0, protocol="hyperiqa"))
    (one,) = finished(work).evaluations
    assert one.protocol == "hyperiqa"
    assert one.protocol_results
    assert {"distortion", "level", "reference"} < set(one.groups)


def test_progress_of_statistics_counts_all_draws(table: OpinionTable):
    work = read(["psnr", "ssim"], table, options=EvaluationOptions(draws=10))
    work.load_models()
    score(work)
    seen: list[tuple[int, int]] = []
    measure(work, lambda done, total: seen.append((done, total)))
    assert seen[-1] == (20, 20)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert (10, 20) in seen


def test_a_user_is_told_what_will_be_scored(table: OpinionTable):
    assert read(["psnr"], table, options=QUICK).report() == ["rated: 18 images by psnr"]


def test_nothing_to_evaluate_is_refused(table: OpinionTable):
    with raises(EvaluationError):
        read([], table)


def test_a_model_that_is_run_and_in_a_file_is_refused(table: OpinionTable, tmp_path: Path):
    path = scores_file(table, tmp_path / "s.csv", "psnr")
    with raises(EvaluationError, "psnr"):
        read(["psnr"], table, scores=[path])


def test_a_direction_of_a_model_that_is_in_no_file_is_refused(table: OpinionTable):
    with raises(EvaluationError, "psnr"):
        read(["psnr"], table, better={"psnr": "lower"})


def test_an_unknown_protocol_has_the_nearest_offered(table: OpinionTable):
    with raises(UnknownNameError, "vtamik", "vtamiq"):
        read(["psnr"], table, options=EvaluationOptions(protocol="vtamik"))
