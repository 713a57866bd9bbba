import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from acutance.comparison.results import write_comparison
from acutance.evaluation.files import write_run
from tests.fakes.report_results import comparison, evaluation_run
from tests.integration.conftest import COMMAND, acutance
from tests.unit.scoring.fakes import write_images

GENEROUS = 3.0
"""Seconds; the wish is 0.5."""
HEAVY = {"torch", "torchvision", "timm", "scipy", "piq", "numpy", "PIL"}


def modules_loaded_by(*arguments: str) -> set[str]:
    """Modules that are loaded when the command has done its work."""
    code = (
        "import atexit, json, runpy, sys\n"
        "atexit.register(lambda: print(json.dumps(sorted(sys.modules)), file=sys.__stderr__))\n"
        "runpy.run_module('acutance', run_name='__main__')"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, encoding="utf-8", check=True, timeout=600
    )
    return set(json.loads(result.stderr.splitlines()[-1]))


def write_results(verb: str, folder: Path) -> None:
    """What a verb of ``acutance plot`` reads, in a folder of its name."""
    if verb == "evaluation":
        write_run(evaluation_run(folder), folder / verb)
    elif verb == "compare":
        write_comparison(comparison(folder), folder / verb)
    else:
        (folder / verb).mkdir()
        (folder / verb / "metrics.json").write_text('[{"epoch": 1, "loss": 2.0}, {"epoch": 2, "loss": 1.0}]')


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["score", "--help"],
        ["evaluate", "--help"],
        ["plot", "--help"],
        ["--version"],
        ["models"],
        ["weights", "list"],
    ],
    ids=" ".join,
)
def test_what_needs_no_pictures_loads_nothing_heavy(arguments: list[str]):
    assert not modules_loaded_by(*arguments) & HEAVY


def test_classic_metrics_load_neither_timm_nor_scipy(tmp_path: Path):
    write_images(tmp_path, "a.png", "b.png")
    loaded = modules_loaded_by("score", f"{tmp_path}/a.png", "-r", f"{tmp_path}/b.png", "-m", "psnr")
    assert not loaded & {"timm", "scipy", "matplotlib", "pandas", "huggingface_hub"}


@pytest.mark.parametrize("verb", ["training", "evaluation", "compare"])
def test_reading_what_is_plotted_loads_no_torch(verb: str, tmp_path: Path):
    write_results(verb, tmp_path)
    loaded = modules_loaded_by("plot", verb, f"{tmp_path}/{verb}", "-o", f"{tmp_path}/figure.svg")
    assert not loaded & {"torch", "torchvision", "timm", "piq"}


def test_help_is_there_at_once():
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        assert acutance("--help").returncode == 0
        seconds.append(time.perf_counter() - start)
    assert sorted(seconds)[1] < GENEROUS


@pytest.mark.skipif(not Path(sys.executable).with_name("acutance").exists(), reason="not installed as a script")
def test_the_installed_command_is_the_module():
    script = [str(Path(sys.executable).with_name("acutance"))]
    by_script, by_module = (
        subprocess.run([*start, "models"], capture_output=True, check=True).stdout for start in (script, COMMAND)
    )
    assert by_script == by_module
