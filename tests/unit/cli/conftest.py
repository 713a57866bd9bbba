from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from acutance.cli.app import app
from tests.unit.scoring.fakes import write_images

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs the command in a folder with out/a.png, out/b.png and their references in truth/."""
    monkeypatch.chdir(tmp_path)
    write_images(tmp_path / "out", "a.png", "b.png")
    write_images(tmp_path / "truth", "a.png", "b.png", seed=10)
    return lambda *arguments: CliRunner().invoke(app, [str(argument) for argument in arguments])
