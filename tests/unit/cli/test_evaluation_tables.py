from io import StringIO

from rich.console import Console

from acutance.evaluation.results import EvaluationRun, Interval
from acutance.reports.terminal import evaluation_tables
from tests.raising import lacking
from tests.unit.evaluation.runs import agreement_like, evaluation_like, model_test, run_like


def text_of(run: EvaluationRun, group_by: str | None = None, *, tests: bool = False) -> str:
    console = Console(file=StringIO(), width=10_000)
    for part in evaluation_tables(run, group_by, tests=tests):
        console.print(part, markup=False, highlight=False)
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


def test_the_part_and_the_protocol_are_told_with_the_data_set():
    assert text_of(run_like()).splitlines()[0] == "mine, part test, protocol pairs"
    assert text_of(run_like(evaluation_like(part="all", protocol="plain"))).splitlines()[0] == "mine"


def test_a_number_stands_with_its_interval_and_the_count_of_failed():
    line = text_of(run_like()).splitlines()[2]
    assert " ".join(line.split()) == "psnr ↑ 0.9000 [0.7000, 0.9900] 0.8000 0.9500 0.1000 0.0700 0.3333 3 1 1"


def test_what_a_reader_must_know_is_told_below():
    text = text_of(run_like())
    assert "psnr: a problem" in text
    assert "psnr: because" in text
    assert any(not lacking(line, "psnr", 1) for line in text.splitlines() if line.startswith("psnr: "))


def test_a_missing_number_is_a_dash_and_a_zero_has_no_sign():
    run = run_like(evaluation_like(agreement=agreement_like(None, krcc=-1e-9, intervals={})))
    assert text_of(run).splitlines()[2].split()[2:4] == ["-", "0.0000"]


def test_the_end_of_an_interval_that_rounds_to_zero_has_no_sign():
    run = run_like(evaluation_like(agreement=agreement_like(intervals={"srcc": Interval(low=-1e-9, high=1)})))
    assert "[0.0000, 1.0000]" in text_of(run)


def test_numbers_of_a_protocol_have_a_line_each():
    text = text_of(run_like(evaluation_like(), evaluation_like("ssim", protocol_results={"accuracy": 0.5})))
    lines = [line.split() for line in text.splitlines()]
    assert ["of", "the", "protocol", "psnr", "↑", "ssim", "↑"] in lines
    assert ["accuracy", "0.7500", "0.5000"] in lines
    assert ["pairs", "4", "-"] in lines


def test_groups_are_told_with_their_notes():
    lines = text_of(run_like(), "level").splitlines()
    (group,) = [line for line in lines if line.startswith("1 ")]
    assert group.split()[1:4] == ["psnr", "↑", "-"]
    assert "a problem because" in group
    assert "level" not in text_of(run_like())


def test_a_matrix_has_a_blank_where_a_model_was_not_run():
    run = run_like(
        evaluation_like("psnr", "one", failed=0),
        evaluation_like("niqe", "one"),
        evaluation_like("niqe", "two", failed=0),
    )
    matrix = text_of(run).split("SRCC of every model on every dataset\n")[1].splitlines()
    assert [line.split() for line in matrix] == [
        ["model", "one", "two"],
        ["psnr", "↑", "0.9000"],
        ["niqe", "↑", "0.9000", "(1", "failed)", "0.9000"],
    ]


def test_tests_between_models_are_told_when_asked_for():
    run = run_like(tests=(model_test(), model_test(p_value=None, p_corrected=None, winner="", note="too few")))
    lines = text_of(run, tests=True).splitlines()
    assert lines[-2].split() == ["mine", "psnr", "ssim", "williams", "2.5000", "0.01", "0.02", "3", "psnr"]
    assert lines[-1].split() == ["mine", "psnr", "ssim", "williams", "2.5000", "-", "-", "3", "too", "few"]
    assert "williams" not in text_of(run)


def test_names_cannot_change_the_terminal():
    assert "\x1b" not in text_of(run_like(evaluation_like("\x1b[31mred"), evaluation_like("psnr")))
