import json
import os
import signal
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from acutance.cli.app import app
from acutance.evaluation.files import read_run
from tests.fakes.datasets.with_references import write_kadid10k, write_tid2013
from tests.fakes.rated_set import write_rated_set
from tests.integration.conftest import acutance
from tests.integration.test_resume import blocked, lines_in, running, wait_until
from tests.raising import lacking

KILLED_AT = "images/r7_blur_1.png"
CALL = ("evaluate", "psnr", "gmsd", "--data", "set/table.csv", "--draws", "50", "--device", "cpu", "--batch-size", "4")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A rated set of 80 images in ``set``; the current folder."""
    write_rated_set(tmp_path / "set", references=10)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def evaluate(*arguments: str) -> int:
    """The same command in this process, which has torch at hand."""
    return CliRunner().invoke(app, [*CALL, *arguments]).exit_code


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals and named pipes")
def test_an_evaluation_killed_half_way_continues_to_the_results_of_an_unbroken_one(here: Path):
    assert evaluate("-o", "whole") == 0
    written = here / "broken/scores/table.csv"
    image = here / "set" / KILLED_AT
    before = image.stat()
    with blocked(image), running(*CALL, "-o", "broken") as process:
        wait_until(lambda: lines_in(written) > 2 * 30, process)
        process.send_signal(signal.SIGKILL)
        assert process.wait(timeout=30) == -signal.SIGKILL
    os.utime(image, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert not (here / "broken/run.json").exists()

    assert evaluate("-o", "broken") == 2  # never unasked
    made = lines_in(written)
    assert acutance(*CALL, "-o", "broken", "--resume").returncode == 0
    assert 1 < made < lines_in(written) == 161
    assert written.read_bytes() == (here / "whole/scores/table.csv").read_bytes()
    whole, broken = read_run(here / "whole"), read_run(here / "broken")
    assert broken.model_copy(update={"eval_time": whole.eval_time}) == whole


def test_two_published_data_sets_make_a_matrix(here: Path):
    write_tid2013(here / "tid")
    write_kadid10k(here / "kadid")
    (here / "kadid/images/I01_01_03.png").write_bytes(b"")
    done = acutance(
        *("evaluate", "psnr", "--data", "tid2013", "--data", "kadid10k", "--root", "tid", "--root", "kadid10k=kadid"),
        *("--allow-missing", "-o", "out", "--draws", "0", "--device", "cpu", "--format", "json"),
    )
    assert done.returncode == 1
    assert any(not lacking(line, "images/I01_01_03.png", "kadid10k", "psnr") for line in done.stderr.splitlines())
    rows = json.loads(done.stdout)
    assert [(row["dataset"], row["count"], row["failed"]) for row in rows] == [("tid2013", 45, 0), ("kadid10k", 29, 1)]
    assert not lacking(rows[0]["problem"], "scores", 45)  # the images of the fake are all the same
