import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner

from acutance.cli.app import app
from acutance.datasets import check_table, read_table
from tests.integration.conftest import COMMAND
from tests.raising import lacking
from tests.unit.scoring.fakes import write_images

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs signals")

COUNT = 100
CALL = ("data", "synthesize", "photos", "-n", str(COUNT), "--models", "gmsd,psnr", "--mixtures", "0.1")


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Five sources, one of them corrupt, in the current folder."""
    monkeypatch.chdir(tmp_path)
    folder = write_images(tmp_path / "photos", *(f"{name}.png" for name in "abcde"), size=(160, 160))
    (folder / "c.png").write_bytes((folder / "c.png").read_bytes()[:1000])
    return folder


def here(*arguments: str) -> int:
    """The exit status of the command in this process, without workers."""
    return CliRunner().invoke(app, [*CALL, *arguments, "--workers", "1"]).exit_code


@contextmanager
def running(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """The command in a process group of its own, with two workers."""
    process = subprocess.Popen(
        [*COMMAND, *CALL, *arguments, "--workers", "2"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 90
    while not condition():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.005)


def rows_in(folder: str) -> int:
    path = Path(folder, "rows.jsonl")
    return path.read_bytes().count(b"\n") if path.exists() else 0


def files(folder: str) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in Path(folder).rglob("*") if path.is_file()}


def test_a_run_killed_half_way_continues_to_the_files_of_an_unbroken_one(photos: Path):
    assert here("-o", "whole") == 1  # one source is corrupt
    with running("-o", "broken") as process:
        wait_until(lambda: rows_in("broken") >= 24)
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=30)  # ends when its workers, who hold the pipes too, have ended
        assert process.returncode == -signal.SIGKILL
    assert 24 <= rows_in("broken") < COUNT
    assert not Path("broken/table.csv").exists()

    assert here("-o", "broken") == 2  # never unasked
    assert here("-o", "broken", "--resume") == 1
    assert files("broken") == files("whole")
    table = read_table("broken/table.csv")
    assert (len(table), check_table(table)) == (COUNT * 4 // 5, [])


def test_an_interrupted_run_says_so_in_a_line_and_continues(photos: Path):
    with running("-o", "out") as process:
        wait_until(lambda: rows_in("out") >= 8)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: workers get it too
        stdout, stderr = process.communicate(timeout=600)
    assert (process.returncode, stdout) == (130, "")
    assert stderr.count("\n") == 1
    assert not lacking(stderr, "acutance", "--resume")
    assert rows_in("out") < COUNT
    assert here("-o", "out", "--resume") == 1
    assert len(read_table("out/table.csv")) == COUNT * 4 // 5
