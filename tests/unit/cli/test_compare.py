import csv
import json
from pathlib import Path

import pytest

from acutance.comparison.results import comparison_json, read_comparison
from tests.raising import lacking
from tests.unit.cli.conftest import Run
from tests.unit.scoring.fakes import write_images

METHODS = ("compare", "out", "ours", "--reference", "truth", "-m", "psnr", "-m", "mdsi")


@pytest.fixture
def here(run: Run, tmp_path: Path) -> Path:
    """The folder of ``run``, with a second method ours/ beside out/."""
    write_images(tmp_path / "ours", "a.png", "b.png", seed=10)  # the references themselves
    write_images(tmp_path / "truth", "a.png", "b.png", seed=10)
    return tmp_path


def test_methods_are_rows_and_models_are_columns(run: Run, here: Path):
    result = run(*METHODS)
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0].split() == ["method", "psnr", "↑", "mdsi", "↓"]
    assert lines[1].split()[0] == "out"
    assert lines[3].split()[:2] == ["ours", "best"]
    assert lines[4].split()[-2:] == ["2", "wins"]
    told, note, *_ = result.stderr.splitlines()
    assert not lacking(told, 2, "out", "ours", "psnr", "mdsi")
    assert not lacking(note, "psnr", 2)


def test_csv_has_a_line_for_each_model_and_method(run: Run, here: Path):
    rows = list(csv.DictReader(run(*METHODS, "-f", "csv").stdout.splitlines()))
    assert [(row["model"], row["method"]) for row in rows] == [
        ("psnr", "out"),
        ("psnr", "ours"),
        ("mdsi", "out"),
        ("mdsi", "ours"),
    ]


def test_json_is_what_is_written(run: Run, here: Path):
    result = run(*METHODS, "-f", "json", "-o", "results")
    assert result.stdout == Path("results/comparison.json").read_text()
    assert result.stdout == comparison_json(read_comparison("results"))
    assert json.loads(result.stdout)["methods"] == ["out", "ours"]
    assert "results" in result.stderr.splitlines()[-1]


def test_a_report_that_cannot_be_written_takes_no_numbers_with_it(run: Run, here: Path):
    (here / "full").write_bytes(b"a file")
    result = run(*METHODS, "--report", "full/report.html")
    assert result.exit_code == 2
    assert result.stdout.splitlines()[0].split() == ["method", "psnr", "↑", "mdsi", "↓"]
    assert "full/report.html" in result.stderr


def test_failed_pictures_are_listed_and_the_status_is_1(run: Run, here: Path):
    (here / "out/b.png").write_bytes(b"no image")
    result = run(*METHODS)
    assert result.exit_code == 1
    assert "1 image" in result.stdout
    lines = result.stderr.splitlines()
    assert any(not lacking(line, "psnr", "1 of 2") for line in lines)
    assert any(not lacking(line, "psnr", "out/b.png", "out/b.png") for line in lines)
    assert "2 of 8" in lines[-1]


def test_scores_in_a_file_are_taken(run: Run, here: Path):
    run("score", "out", "ours", "-r", "truth", "-m", "psnr", "-o", "scores.csv")
    result = run("compare", "first=out", "ours", "--scores", "scores.csv", "-f", "csv")
    assert result.exit_code == 0
    assert [row["method"] for row in csv.DictReader(result.stdout.splitlines())] == ["first", "ours"]


def test_preferences_alone_are_an_order(run: Run, here: Path):
    Path("votes.csv").write_text("first,second,winner\na,b,b\nb,a,a\na,b,b\n")
    result = run("compare", "--preferences", "votes.csv")
    assert [line.split()[:2] for line in result.stdout.splitlines()] == [
        ["preferred", "strength"],
        ["b", "+0.3466"],
        ["a", "-0.3466"],
    ]
    assert not lacking(result.stderr, 3, "a", "b")


@pytest.mark.slow
def test_plots_and_a_report_are_made_and_never_replaced_unasked(run: Run, here: Path):
    pytest.importorskip("matplotlib")
    everything = (*METHODS, "-o", "results", "--plots", "--report", "report.html")
    assert run(*everything).exit_code == 0
    assert Path("results/plots/violins.png").read_bytes()[1:4] == b"PNG"
    assert Path("results/plots/wins.png").is_file()
    page = Path("report.html").read_text()
    assert "ours" in page
    assert "mdsi" in page
    again = run(*METHODS, "-o", "other", "--report", "report.html")
    assert again.exit_code == 2
    assert not lacking(again.stderr, "report.html", "--overwrite")
    assert not Path("other").exists()
    assert run(*everything, "--overwrite").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["compare"], ()),
        (["compare", "out", "absent", "-r", "truth"], ("absent", "absent")),
        (["compare", "out", "deep/out", "-r", "truth"], ("out", "deep/out", "NAME=DIR")),
        ([*METHODS, "--plots"], ("--output", "--plots")),
        ([*METHODS, "--resume"], ("--output", "--resume")),
        ([*METHODS, "--report", "page.pdf"], (".html", "page.pdf")),
        ([*METHODS, "-o", "there"], ("there", "comparison.json")),
        ([*METHODS, "--better", "x=up"], ("NAME=higher", "NAME=lower", "x=up")),
        ([*METHODS, "--pair-by", "[a"], ("pair_by", "path", "stem", "[a")),
        (["compare", "--preferences", "absent.csv"], ("absent.csv",)),
        (["compare", "out", "--scores", "absent.csv"], ("absent.csv",)),
        (["compare", "--preferences", "votes.csv", "--plots", "-o", "new"], ("--plots",)),
    ],
)
def test_a_wrong_call_is_one_line_on_stderr_and_status_2(
    run: Run, here: Path, arguments: list[str], words: tuple[str, ...]
):
    Path("there").mkdir()
    Path("there/comparison.json").write_text("{}")
    Path("votes.csv").write_text("first,second,winner\na,b,b\n")
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    (line,) = result.stderr.splitlines()
    assert line.startswith("acutance: ")
    assert not lacking(line, *words)
    assert not Path("new").exists()
