import csv
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from acutance.cli.app import app
from acutance.evaluation.files import read_run
from tests.fakes.rated_set import TABLE, write_rated_set
from tests.raising import lacking
from tests.unit.cli.conftest import Run

SET = ("--data", TABLE, "--draws", "10", "--device", "cpu")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs ``acutance evaluate`` in the folder of a rated set of 18 images."""
    write_rated_set(tmp_path, references=3, levels=3)
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(app, ["evaluate", *map(str, arguments)])


def test_statistics_go_to_stdout_and_results_to_the_folder(here: Run):
    result = here("psnr", "gmsd", *SET, "-o", "out")
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[0] == "table"
    assert " ".join(lines[1].split()) == "model srcc krcc plcc rmse mae outlier ratio count failed unrated"
    assert lines[2].split()[:2] == ["psnr", "↑"]
    assert lines[3].split()[:2] == ["gmsd", "↓"]
    assert lines[2].split()[-3:] == ["18", "0", "0"]
    assert any(not lacking(line, "table", 18, "psnr", "gmsd") for line in result.stderr.splitlines())
    assert not lacking(result.stderr, "out")
    run = read_run("out")
    assert [one.model for one in run.evaluations] == ["psnr", "gmsd"]
    assert f"{run.evaluations[0].agreement.srcc:.4f} [" in lines[2]


@pytest.mark.parametrize("words", [("PSNR", "gmsd"), ("psnr,gmsd",), ("-m", "psnr,GMSD"), ("psnr", "-m", "gmsd")])
def test_models_are_named_as_arguments_or_by_the_option_in_any_case(here: Run, words: tuple[str, ...]):
    assert here(*words, *SET, "-o", "out").exit_code == 0
    assert [one.model for one in read_run("out").evaluations] == ["psnr", "gmsd"]


def test_a_failed_picture_is_listed_counted_and_the_exit_status(here: Run):
    Path("images/r1_blur_2.png").write_bytes(b"no image")
    result = here("psnr", *SET, "-o", "out")
    assert result.exit_code == 1
    assert any(not lacking(line, "images/r1_blur_2.png", "table", "psnr") for line in result.stderr.splitlines())
    assert "1 of 18" in result.stderr
    assert result.stdout.splitlines()[2].split()[-3:] == ["17", "1", "0"]


def test_several_data_sets_print_a_matrix_in_which_failures_are_told(here: Run):
    write_rated_set(Path("second"), references=2, levels=2)
    Path("second/table.csv").rename("second/other.csv")
    Path("second/images/r1_blur_2.png").unlink()
    result = here("psnr", *SET, "--data", "second/other.csv", "-o", "out")
    assert result.exit_code == 1
    matrix = result.stdout.split("SRCC of every model on every dataset\n")[1].splitlines()
    assert matrix[0].split() == ["model", "table", "other"]
    assert matrix[1].endswith("(1 failed)")


def test_groups_and_tests_are_printed_when_asked_for(here: Run):
    plain = here("psnr", "gmsd", *SET, "-o", "plain").stdout
    full = here("psnr", "gmsd", *SET, "-o", "full", "--group-by", "distortion", "--tests").stdout
    assert "blur" not in plain
    assert "williams" not in plain
    assert {line.split()[0] for line in full.splitlines()} >= {"blur", "noise", "distortion"}
    assert "meng_rosenthal_rubin" in full


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_numbers_for_programs(here: Run, kind: str):
    result = here("psnr", *SET, "-o", "out", "--format", kind, "--group-by", "level")
    rows = json.loads(result.stdout) if kind == "json" else list(csv.DictReader(result.stdout.splitlines()))
    assert [(row["by"], str(row["count"])) for row in rows] == [("all", "18"), *[("level", "6")] * 3]
    assert float(rows[0]["srcc"]) == read_run("out").evaluations[0].agreement.srcc


def test_scores_of_a_file_need_no_model(here: Run):
    assert here("psnr", *SET, "-o", "first").exit_code == 0
    result = here(*SET, "-o", "second", "--scores", "first/scores/table.csv")
    assert result.exit_code == 0
    first, second = read_run("first").evaluations[0], read_run("second").evaluations[0]
    assert first == second


def test_an_unknown_column_needs_a_direction(here: Run):
    rows = list(csv.DictReader(Path(TABLE).read_text().splitlines()))
    Path("theirs.csv").write_text("\n".join(["image,ours", *(f"{row['image']},{row['mos']}" for row in rows)]))
    refused = here(*SET, "-o", "out", "--scores", "theirs.csv")
    assert refused.exit_code == 2
    assert not lacking(refused.stderr, "--better ours=higher", "--better ours=lower")
    assert not Path("out").exists()
    result = here(*SET, "-o", "out", "--scores", "theirs.csv", "--better", "ours=higher", "-f", "json")
    assert json.loads(result.stdout)[0]["srcc"] == pytest.approx(1)


def test_results_are_never_replaced_unasked(here: Run):
    assert here("psnr", *SET, "-o", "out").exit_code == 0
    before = Path("out/eval_results.json").read_bytes()
    refused = here("psnr", *SET, "-o", "out")
    assert (refused.exit_code, Path("out/eval_results.json").read_bytes()) == (2, before)
    assert "--resume" in refused.stderr
    assert here("psnr", *SET, "-o", "out", "--resume").exit_code == 0
    assert here("psnr", *SET, "-o", "out", "--overwrite").exit_code == 0


@pytest.mark.slow
def test_figures_and_a_page_are_made_when_asked_for(here: Run):
    result = here("psnr", *SET, "-o", "out", "--plots", "--report", "page.html")
    assert result.exit_code == 0, result.output
    assert {path.name for path in Path("out/plots").iterdir()} == {
        "scatter.png",
        "metrics.png",
        "distortion.png",
        "level.png",
    }
    assert "psnr" in Path("page.html").read_text(encoding="utf-8")
    assert "page.html" in result.stderr


def test_a_place_that_cannot_hold_results_is_refused_before_any_work(here: Run):
    Path("file").write_text("")
    assert not lacking(here("psnr", *SET, "-o", "file").stderr, "acutance", "file")
    assert not lacking(here("psnr", *SET, "-o", "out", "--report", "page.pdf").stderr, ".html", "page.pdf")
    assert not Path("out").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), ()),
        (("psrn",), ("psrn", "psnr")),
        (("psnr", "--part", "test"), ("test",)),
        (("psnr", "--better", "psnr"), ("NAME=higher", "NAME=lower", "psnr")),
        (("psnr", "--protocol", "hyperiqua"), ("hyperiqua", "hyperiqa")),
        (("psnr", "--draws", "1"), (0, 2, 1)),
        (("psnr", "--set", "psnr.channel=luma", "--weights", "w.pth"), ("psnr", "w.pth")),
    ],
)
def test_what_does_not_fit_is_one_line_and_exit_2(here: Run, arguments: tuple[str, ...], words: tuple[object, ...]):
    result = here(*arguments, "--data", TABLE, "-o", "out", *(() if "--draws" in arguments else ("--draws", "0")))
    assert result.exit_code == 2
    assert not lacking(result.stderr, "acutance", *words)
    assert len(result.stderr.splitlines()) == 1
    assert not Path("out").exists()


def test_the_help_ends_with_two_examples():
    result = CliRunner().invoke(app, ["evaluate", "--help"])
    examples = result.stdout.split("Examples:")[1]
    assert examples.count("acutance evaluate ") == 2


def test_an_unquoted_pattern_is_told_to_be_quoted(here: Run):
    for name in ("a_test.csv", "b_test.csv"):
        Path(name).write_bytes(Path(TABLE).read_bytes())
    result = here("psnr", "--data", "a_test.csv", "b_test.csv", "-o", "out")
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert not lacking(result.stderr, "b_test.csv", "--data '*.csv'")


def test_a_pattern_that_arrives_whole_is_every_file(here: Run):
    for name in ("a_test.csv", "b_test.csv"):
        Path(name).write_bytes(Path(TABLE).read_bytes())
    result = here("psnr", "--data", "*_test.csv", "--root", ".", "--draws", "0", "--device", "cpu", "-o", "out")
    assert result.exit_code == 0, result.output
    assert [one.dataset for one in read_run("out").evaluations] == ["a_test", "b_test"]


def test_results_in_ms_hyperiqa_s_fields_are_written_once(here: Run):
    call = ("psnr", *SET, "-o", "out", "--eval-results", "theirs.json")
    assert here(*call).exit_code == 0
    metrics = json.loads(Path("theirs.json").read_text())["datasets"]["table"]["metrics"]
    assert list(metrics) == ["srcc", "plcc", "num_samples"]
    assert here("psnr", *SET, "-o", "second", "--eval-results", "theirs.json").exit_code == 2
    assert not Path("second").exists()
    assert here(*call, "--overwrite").exit_code == 0


def test_results_in_ms_hyperiqa_s_fields_are_refused_for_several_models_before_any_work(here: Run):
    result = here("psnr", "gmsd", *SET, "-o", "out", "--eval-results", "theirs.json")
    assert (result.exit_code, not lacking(result.stderr, "psnr", "gmsd")) == (2, True)
    assert not Path("out").exists()
