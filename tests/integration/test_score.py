import contextlib
import csv
import json
import os
import shlex
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.integration.conftest import COMMAND, EXAMPLES, acutance
from tests.raising import lacking

PAIRED = ("score", EXAMPLES / "distorted", "--reference", EXAMPLES / "reference", "--pair-by", "^([a-z]+)")


def test_the_examples_have_scores_that_tell_the_damage_apart():
    result = acutance(*PAIRED, "--model", "classic", "--format", "csv")
    assert result.returncode == 0
    assert not lacking(result.stderr, 3, "psnr", "ssim", "ms_ssim", "gmsd", "vsi")
    rows = list(csv.DictReader(result.stdout.splitlines()))
    assert [(Path(row["image"]).stem, Path(row["reference"]).stem) for row in rows[::5]] == [
        ("astronaut_jpeg10", "astronaut"),
        ("chelsea_noise", "chelsea"),
        ("coffee_blur", "coffee"),
    ]
    scores = {(Path(row["image"]).stem, row["model"]): float(row["score"]) for row in rows}
    assert len(scores) == 15
    assert scores["chelsea_noise", "ssim"] < scores["astronaut_jpeg10", "ssim"] < 1


def test_a_corrupt_picture_among_the_examples_fails_alone_with_status_1(tmp_path: Path):
    shutil.copytree(EXAMPLES, tmp_path / "examples")
    (tmp_path / "examples/distorted/coffee_broken.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\0")
    folders = (tmp_path / "examples/distorted", "-r", tmp_path / "examples/reference", "--pair-by", "^([a-z]+)")
    result = acutance("score", *folders, "-m", "psnr", "-m", "gmsd", "-f", "json")
    assert result.returncode == 1
    rows = json.loads(result.stdout)
    assert [row["error"] is None for row in rows] == [True] * 6 + [False] * 2
    *_, first, second, last = result.stderr.splitlines()
    assert not lacking(first, "coffee_broken.png", "psnr")
    assert not lacking(second, "coffee_broken.png", "gmsd")
    assert "2 of 8" in last
    assert "Traceback" not in result.stderr


def test_folders_that_pair_nothing_have_status_2_one_line_and_the_command_that_pairs_them():
    result = acutance("score", EXAMPLES / "distorted", "-r", EXAMPLES / "reference")
    assert result.returncode == 2
    assert result.stdout == ""
    problem, command = result.stderr.splitlines()
    assert problem.startswith("acutance: ")
    typed = shlex.split(command)
    assert acutance(*typed[typed.index("score") :], "-m", "psnr").returncode == 0


def test_rows_go_to_stdout_though_stderr_is_a_terminal():
    pty = pytest.importorskip("pty", reason="needs a terminal of its own")
    terminal, end = pty.openpty()
    shown = bytearray()

    def watch() -> None:
        with contextlib.suppress(OSError):  # how Linux says that nobody writes any more
            while seen := os.read(terminal, 10_000):
                shown.extend(seen)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        result = subprocess.run(
            [*COMMAND, *map(str, PAIRED), "-m", "psnr", "-f", "csv"],
            stdout=subprocess.PIPE,
            stderr=end,
            check=True,
            timeout=600,
        )
    finally:
        os.close(end)
        watcher.join()
        os.close(terminal)
    assert len(result.stdout.decode().splitlines()) == 4
    assert b"3 images by psnr" in shown
    assert b"image,reference" not in shown


@pytest.mark.skipif(sys.platform == "win32", reason="pipes end otherwise there")
def test_a_reader_that_leaves_early_causes_no_traceback():
    process = subprocess.Popen(
        [*COMMAND, *map(str, PAIRED), "-m", "psnr", "-f", "csv"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    with process.stderr as stderr:
        told = stderr.read().decode()
    assert told.count("\n") == 1
    assert not lacking(told, 3, "psnr")
    assert process.wait(timeout=600) == 141
