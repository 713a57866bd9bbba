import shlex
from typing import Any

import pytest
from typer.main import get_command

from acutance import __version__
from acutance.cli import app as app_module
from acutance.scoring import run as run_module
from tests.raising import lacking
from tests.unit.cli.conftest import Run

VERBS = [[], ["score"], ["models"], ["weights"], ["weights", "list"], ["weights", "fetch"], ["weights", "verify"]]
FOLDERS = ("score", "out", "-r", "truth", "-m", "psnr")


@pytest.mark.parametrize("verb", [*VERBS, ["weights", "convert"]], ids=" ".join)
def test_the_help_of_every_verb_ends_with_two_examples(run: Run, verb: list[str]):
    result = run(*verb, "--help")
    assert result.exit_code == 0
    tail = " ".join(result.stdout.split()).rpartition("Examples:")[2]
    assert tail.count("acutance ") == 2


def test_every_example_in_the_help_is_a_command_that_parses():
    examples: list[list[str]] = []

    def collect(command: Any) -> None:
        examples.extend(shlex.split(line)[1:] for line in (command.epilog or "").splitlines() if line.startswith("acu"))
        for one in getattr(command, "commands", {}).values():
            collect(one)

    collect(get_command(app_module.app))
    assert len(examples) > 30
    for words in examples:
        command: Any = get_command(app_module.app)
        rest = words
        while rest and rest[0] in getattr(command, "commands", {}):
            command, rest = command.commands[rest[0]], rest[1:]
        command.make_context("acutance", rest[: rest.index("|")] if "|" in rest else rest)


@pytest.mark.parametrize("verb", [(), ("score",), ("data", "list")])
def test_help_is_had_by_one_letter(run: Run, verb: tuple[str, ...]):
    assert run(*verb, "-h").stdout == run(*verb, "--help").stdout


def test_the_version_is_printed(run: Run):
    assert run("--version").stdout == f"acutance {__version__}\n"


def test_an_interrupted_run_says_how_to_continue(run: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(run_module, "score_pairs", _raise(KeyboardInterrupt()))
    result = run(*FOLDERS)
    assert result.exit_code == app_module.INTERRUPTED
    assert not lacking(result.stderr.splitlines()[-1], "acutance", "--resume")


def test_an_interrupted_command_without_resume_does_not_speak_of_it(run: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("acutance.reports.plots.canvas.check_figure_place", _raise(KeyboardInterrupt()))
    result = run("plot", "evaluation", "results", "-o", "figure.png")
    assert result.exit_code == app_module.INTERRUPTED
    assert result.stderr.count("\n") == 1
    assert "--resume" not in result.stderr


def test_a_full_disk_is_one_line(run: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(run_module, "score_pairs", _raise(OSError(28, "No space left on device")))
    result = run(*FOLDERS)
    assert result.exit_code == app_module.USAGE_ERROR
    assert not lacking(result.stderr.splitlines()[-1], "acutance", "No space left on device")


def test_a_fault_of_the_code_is_not_hidden(run: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(run_module, "score_pairs", _raise(RuntimeError("a bug")))
    assert str(run(*FOLDERS).exception) == "a bug"


def _raise(error: BaseException):
    def raising(*_: object, **__: object) -> None:
        raise error

    return raising
