"""What the README tells a newcomer to type does work, with the packages that it says to install and no others."""

import os
import re
import shlex
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from acutance.cli.app import app

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
PYTHON = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
EXTRAS: dict[str, list[str]] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
FOR_USERS = ("parquet", "data", "plots", "train")
RUNNER = """
import shlex, sys
sys.modules |= dict.fromkeys(sys.argv[1].split(","), None)
from acutance.cli.app import app
for line in sys.stdin.read().splitlines():
    print("$", line, flush=True)
    try:
        app(shlex.split(line)[1:])
    except SystemExit as end:
        if end.code:
            sys.exit(f"{end.code} by {line}")
"""
"""Runs commands in one process in which some packages cannot be imported."""


@dataclass(frozen=True)
class Block:
    """One block of commands of the README."""

    commands: list[str]
    extras: list[str]
    """Extras that it installs first."""

    @property
    def absent(self) -> list[str]:
        """Packages of the other extras, as they are imported."""
        packages = [package for extra in FOR_USERS if extra not in self.extras for package in EXTRAS[extra]]
        return [re.split("[^A-Za-z0-9-]", package)[0].replace("-", "_") for package in packages]


def blocks() -> list[Block]:
    found = []
    for text in re.findall(r"```sh\n(.*?)```", README, re.DOTALL):
        lines = [line.split(" #")[0].strip() for line in text.splitlines()]
        commands = [line for line in lines if line.startswith("acutance ")]
        extras = re.findall(r'^pip install --quiet "\.\[([a-z,]+)\]"', text)
        if commands:
            found.append(Block(commands, extras[0].split(",") if extras else []))
    return found


BLOCKS = blocks()


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with everything that the README names but weights."""
    folder = tmp_path_factory.mktemp("desk")
    (folder / "examples").symlink_to(ROOT / "examples")
    generator = np.random.default_rng(0)
    truth = np.kron(generator.integers(0, 200, (18, 18, 3)), np.ones((10, 10, 1))).astype(np.uint8)
    noisy = truth + generator.integers(0, 40, truth.shape, dtype=np.uint8)
    for name in ("truth.png", "truth/a.png", "truth/b.png"):
        save(folder / name, truth)
    for name in ("out.png", "photos/a.png"):
        save(folder / name, noisy)
    for method, name in (("swinir", "a"), ("swinir", "b"), ("ours", "a"), ("ours", "b")):
        save(folder / method / f"{name}.png", np.roll(noisy, len(method), axis=1))
    (folder / "pairs.csv").write_text("image,reference\nout.png,truth.png\n")
    return folder


@pytest.fixture
def without_extras(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if no extra were installed."""
    absent = Block([], []).absent
    for name in (*absent, *(name for name in sys.modules if name.partition(".")[0] in absent)):
        monkeypatch.setitem(sys.modules, name, None)


def test_every_block_and_program_of_the_readme_is_found():
    assert [len(block.commands) for block in BLOCKS] == [5, 3, 4, 2, 4]
    assert [block.extras for block in BLOCKS] == [[], [], [], ["plots"], ["train", "plots"]]
    assert len(PYTHON) == 1


def test_packages_of_all_extras_are_absent_where_none_is_named():
    assert Block([], []).absent == ["pyarrow", "openpyxl", "matplotlib", "jinja2", "lightning_fabric", "tensorboardX"]


@pytest.mark.usefixtures("without_extras")
def test_the_first_line_prints_the_scores_that_stand_below_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(ROOT)
    line = next(line for line in README.splitlines() if line.startswith("python3 -m venv"))
    command = shlex.split(line.rpartition(".venv/bin/acutance ")[2])
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, result.output
    printed, stated = result.stdout.split(), README.split("```")[3].split()
    assert [word for word in printed if not is_number(word)] == [word for word in stated if not is_number(word)]
    numbers = [float(word) for word in stated if is_number(word)]
    assert [float(word) for word in printed if is_number(word)] == pytest.approx(numbers, abs=2e-3)


@pytest.mark.usefixtures("without_extras")
def test_the_program_runs_as_it_stands(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.chdir(ROOT)
    exec(compile(PYTHON[0], "README.md", "exec"), {})  # noqa: S102 (our own page)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("afine-tiny: 28.60")
    assert [line.split()[1] for line in lines[1:]] == ["psnr", "afine-tiny"] * 3


@pytest.mark.slow
def test_the_commands_run_one_after_the_other_with_the_packages_they_name(desk: Path, weights_folder: Path):
    environment = {**os.environ, "ACUTANCE_WEIGHTS": str(weights_folder)}
    for block in BLOCKS:
        result = subprocess.run(
            [sys.executable, "-c", RUNNER, ",".join(block.absent)],
            input="\n".join(block.commands),
            cwd=desk,
            env=environment,
            capture_output=True,
            text=True,
        )
        assert result.returncode == 0, result.stderr
        told = dict(part.split("\n", 1) for part in result.stdout.split("$ ")[1:])
        assert list(told) == block.commands
        assert all(told.values())


def is_number(word: str) -> bool:
    return re.fullmatch(r"[\d.]+", word) is not None


def save(path: Path, pixels: np.ndarray) -> None:
    path.parent.mkdir(exist_ok=True)
    Image.fromarray(pixels).save(path)
