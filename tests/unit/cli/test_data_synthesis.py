from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

import acutance.synthesis
from acutance.cli.app import app
from acutance.cli.data import data_app
from acutance.datasets import read_table
from acutance.errors import ConfigError, UnknownNameError
from tests.raising import lacking
from tests.unit.scoring.fakes import write_images

ALONE = ("--workers", "1")


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Runs a verb in a folder with photos/a.png and photos/b.png."""
    monkeypatch.chdir(tmp_path)
    write_images(tmp_path / "photos", "a.png", "b.png", size=(24, 24))
    return lambda *arguments: CliRunner().invoke(data_app, [str(argument) for argument in arguments])


def test_a_ladder_is_written_and_its_table_is_printed(run: Callable[..., Result]):
    result = run("distort", "photos", "-o", "out", "--types", "gaussian_blur,jpeg", "--levels", "1,3,5", *ALONE)
    assert (result.exit_code, result.stdout, result.stderr) == (0, "out/table.csv (12 rows)\n", "")
    assert sorted(path.name for path in Path("out/images").iterdir())[:4] == [
        "a_01_01.png",
        "a_01_03.png",
        "a_01_05.png",
        "a_10_01.png",
    ]


def test_all_is_every_kind_at_every_level_and_mixtures_beside_them(run: Callable[..., Result]):
    result = run("distort", "photos/a.png", "-o", "out", "--mixtures", 2, "--format", "bmp", *ALONE)
    assert result.stdout == "out/table.csv (127 rows)\n"
    assert len(list(Path("out/images").glob("*.bmp"))) == 127


def test_weak_labels_take_every_option(run: Callable[..., Result]):
    options = ("--models", "gmsd,psnr", "--types", "jpeg,gblur", "--levels", "1,5", "--mixtures", 0.5, "--size", 16)
    result = run("synthesize", "photos", "-n", 12, "-o", "out", *options, "--seed", 3, *ALONE)
    assert (result.exit_code, result.stdout) == (0, "out/table.csv (12 rows)\n")
    table = list(read_table("out/table.csv"))
    assert {row.level for row in table} == {None, 1, 5}
    assert Path("out/scores.csv").read_text().startswith("image,reference,gmsd,psnr,mos\n")


def test_the_usual_metrics_are_taken_unless_others_are_named(
    run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
):
    asked: dict[str, Any] = {}

    def remember(*_: object, **options: Any) -> acutance.synthesis.SyntheticSet:
        asked.update(options)
        return acutance.synthesis.SyntheticSet(Path("t.csv"), 0, ())

    monkeypatch.setattr(acutance.synthesis, "synthesize", remember)
    assert run("synthesize", "photos", "-n", 3, "-o", "out").exit_code == 0
    assert asked["metrics"] == ("mdsi", "gmsd", "sr_sim")
    assert (asked["workers"], asked["size"], asked["kinds"], asked["levels"]) == (None, None, None, None)


def test_failed_sources_are_listed_and_the_status_is_1(run: Callable[..., Result]):
    Path("photos/b.png").write_bytes(b"no image")
    result = run("synthesize", "photos", "-n", 6, "-o", "out", "--models", "gmsd", *ALONE)
    assert result.exit_code == 1
    assert result.stdout == "out/table.csv (3 rows)\n"
    assert not lacking(result.stderr, "photos/b.png (3 images)", "photos/b.png")
    assert not lacking(result.stderr.splitlines()[-1], 3)


def test_what_was_made_is_replaced_or_continued_only_when_asked_to(run: Callable[..., Result]):
    call = ("distort", "photos", "-o", "out", "--types", "jpeg", *ALONE)
    assert run(*call).exit_code == 0
    assert isinstance(run(*call).exception, ConfigError)
    assert run(*call, "--resume").stdout == "out/table.csv (10 rows)\n"
    assert run(*call, "--levels", "2", "--overwrite").stdout == "out/table.csv (2 rows)\n"


def test_wrong_names_and_numbers_are_refused_in_a_line(run: Callable[..., Result]):
    wrong = run("distort", "photos", "-o", "out", "--types", "gblurr")
    assert isinstance(wrong.exception, UnknownNameError)
    assert not lacking(str(wrong.exception), "gblurr", "gblur")
    levels = run("distort", "photos", "-o", "out", "--levels", "1-3")
    assert isinstance(levels.exception, ConfigError)
    assert not lacking(str(levels.exception), "1-3", "--levels")
    assert run("synthesize", "photos", "-n", 0, "-o", "out").exit_code == 2
    assert isinstance(run("synthesize", "photos", "-n", 1, "-o", "out", "--models", "all").exception, UnknownNameError)


def test_an_interrupt_is_one_line(monkeypatch: pytest.MonkeyPatch):
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(acutance.synthesis, "synthesize", interrupt)
    result = CliRunner().invoke(app, ["data", "synthesize", "photos", "-n", "3", "-o", "out"])
    assert (result.exit_code, result.stderr.count("\n")) == (130, 1)
    assert not lacking(result.stderr, "acutance", "--resume")


@pytest.mark.parametrize("verb", ["distort", "synthesize"])
def test_help_ends_with_two_examples(run: Callable[..., Result], verb: str):
    lines = [line.strip() for line in run(verb, "--help").stdout.splitlines() if line.strip()]
    examples = lines[next(index for index, line in enumerate(lines) if line.startswith("Examples:")) :]
    assert sum(f"acutance data {verb}" in line for line in examples) == 2
