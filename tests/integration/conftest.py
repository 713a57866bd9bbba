"""The command as a user starts it: another process."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.scoring.fakes import write_images

COMMAND = (sys.executable, "-m", "acutance")
EXAMPLES = Path(__file__).parents[2] / "examples"
Run = Callable[..., subprocess.CompletedProcess[str]]


def acutance(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        capture_output=True,
        encoding="utf-8",
        env=os.environ | {"ACUTANCE_WEIGHTS": ""} | environment,
        timeout=600,
        check=False,
    )


@pytest.fixture(scope="session", autouse=True)
def _interruptible() -> None:
    """Commands that tests start can be interrupted, even where the tests themselves run in the background."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """``out/`` with 100 images, number 5 corrupt, beside ``truth.png``; the current folder."""
    monkeypatch.chdir(tmp_path)
    write_images(tmp_path / "out", *(f"{index:03}.png" for index in range(100)), size=(24, 24))
    write_images(tmp_path, "truth.png", size=(24, 24), seed=1000)
    whole = (tmp_path / "out/005.png").read_bytes()
    (tmp_path / "out/005.png").write_bytes(whole[: len(whole) // 2])
    return tmp_path
