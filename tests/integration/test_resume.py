import json
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
from tests.integration.conftest import COMMAND
from tests.raising import lacking

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs signals and named pipes")

CALL = ("score", "out", "--reference", "truth.png", "-m", "psnr", "-m", "ssim", "--batch-size", "8")
ROWS_BEFORE_THE_BLOCK = 2 * 80


@contextmanager
def running(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen([*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@contextmanager
def blocked(picture: Path) -> Iterator[None]:
    """The image is a pipe meanwhile, and a run waits there for somebody to write."""
    content = picture.read_bytes()
    picture.unlink()
    os.mkfifo(picture)
    try:
        yield
    finally:
        picture.unlink()
        picture.write_bytes(content)


def wait_until(condition: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 90
    while not condition():
        assert process.poll() is None, "the run ended too early"
        assert time.monotonic() < deadline, "the rows did not come"
        time.sleep(0.01)


def lines_in(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.exists() else 0


def score(*arguments: str) -> int:
    """The same command in this process, which has torch at hand."""
    return CliRunner().invoke(app, [*CALL, *arguments]).exit_code


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_a_run_killed_half_way_continues_to_the_file_of_an_unbroken_one(folders: Path, ending: str):
    whole, broken = folders / f"whole.{ending}", folders / f"broken.{ending}"
    assert score("-o", str(whole)) == 1  # one image is corrupt

    written = broken if ending != "parquet" else folders / "broken.parquet.partial.jsonl"
    with blocked(folders / "out/080.png"), running(*CALL, "-o", str(broken)) as process:
        wait_until(lambda: lines_in(written) >= ROWS_BEFORE_THE_BLOCK, process)
        process.send_signal(signal.SIGKILL)
        assert process.wait(timeout=30) == -signal.SIGKILL
    with written.open("ab") as file:
        file.write(b'{"image": "out/0')  # as if it had been killed while writing

    assert score("-o", str(broken)) == 2  # never unasked
    assert score("-o", str(broken), "--resume") == 1
    assert broken.read_bytes() == whole.read_bytes()
    provenance = [Path(f"{path}.provenance.json").read_bytes() for path in (whole, broken)]
    assert provenance[0] == provenance[1]
    assert len(list(folders.iterdir())) == 6  # two files of scores, their provenance, the images


def test_an_interrupted_run_says_so_and_continues(folders: Path):
    path, image = folders / "scores.csv", (folders / "out/080.png").read_bytes()
    with blocked(folders / "out/080.png"), running(*CALL, "-o", str(path)) as process:
        wait_until(lambda: lines_in(path) > ROWS_BEFORE_THE_BLOCK, process)
        process.send_signal(signal.SIGINT)
        time.sleep(0.2)
        (folders / "out/080.png").write_bytes(image)  # lets the thread that decodes go on, and end
        stdout, stderr = process.communicate(timeout=600)
    assert process.returncode == 130
    assert stdout == ""
    assert not lacking(stderr.splitlines()[-1], "acutance", "--resume")
    assert "Traceback" not in stderr
    assert ROWS_BEFORE_THE_BLOCK < lines_in(path) < 201
    assert score("-o", str(path), "--resume") == 1
    assert lines_in(path) == 201
    assert json.loads(Path(f"{path}.provenance.json").read_text())["pairs"]["count"] == 100


def test_pictures_made_anew_do_not_keep_their_old_scores(folders: Path):
    assert score("-o", "scores.csv") == 1
    assert score("-o", "scores.csv", "--resume") == 1
    (folders / "out/000.png").write_bytes((folders / "out/001.png").read_bytes())
    assert score("-o", "scores.csv", "--resume") == 2
