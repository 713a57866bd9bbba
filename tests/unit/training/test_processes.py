"""Processes that were started together: they train as one, and none waits for ever for another."""

import multiprocessing
import os
import signal
import socket
import subprocess
import sys
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from acutance.errors import AcutanceError, ConfigError
from acutance.training.processes import from_first, together
from tests.fakes.toy_task import run_toy
from tests.raising import lacking

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs a server that forks")
STOPPED = 2
ROOT = Path(__file__).parents[3]


def free_port() -> str:
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        return str(place.getsockname()[1])


def _machine(rank: int, port: str, folder: Path, fault: str, timeout: int, batch: int) -> None:
    here = {"RANK": rank, "WORLD_SIZE": 2, "LOCAL_RANK": 0, "LOCAL_WORLD_SIZE": 1, "MASTER_PORT": port}
    os.environ.update({name: str(value) for name, value in here.items()} | {"MASTER_ADDR": "127.0.0.1"})
    torch.set_num_threads(1)
    try:
        run_toy(folder / f"run{rank}", task={"fault": fault}, timeout=timeout, batch_size=batch)
    except AcutanceError as error:
        (folder / f"told{rank}").write_text(f"{type(error).__name__}: {error}")
        os._exit(STOPPED)


def started(rank: int, port: str, folder: Path, fault: str = "", *, timeout: int = 60, batch: int = 6) -> BaseProcess:
    """The only process of one of two machines; its run is in ``run0`` or ``run1``, what stopped it in ``told``."""
    forks = multiprocessing.get_context("forkserver")
    forks.set_forkserver_preload(["tests.fakes.toy_task"])
    process = forks.Process(target=_machine, args=(rank, port, folder, fault, timeout, batch))
    process.start()
    return process


def ends(*processes: BaseProcess) -> list[int | None]:
    """Exit status of each."""
    for process in processes:
        process.join(timeout=100)
    return [process.exitcode for process in processes]


@pytest.mark.slow
def test_two_machines_give_the_weights_of_one_process_and_the_second_writes_nothing(tmp_path: Path):
    port = free_port()
    assert ends(*(started(rank, port, tmp_path) for rank in (0, 1))) == [0, 0]
    one = run_toy(tmp_path / "one", batch_size=6)
    weights = load_file(tmp_path / "run0/last.safetensors")
    for name, tensor in load_file(one.path / "last.safetensors").items():
        torch.testing.assert_close(tensor, weights[name], rtol=0, atol=1e-6)
    assert not (tmp_path / "run1").exists()


@pytest.mark.slow
def test_a_validation_may_take_longer_than_a_step(tmp_path: Path):
    port = free_port()
    assert ends(*(started(rank, port, tmp_path, "validates long", timeout=4) for rank in (0, 1))) == [0, 0]


@pytest.mark.slow
@pytest.mark.parametrize(("fault", "value"), [("dies", "--resume"), ("hangs", "loop.timeout")])
def test_a_process_that_is_lost_stops_the_others_soon(tmp_path: Path, fault: str, value: str):
    port = free_port()
    first, second = started(0, port, tmp_path, timeout=8), started(1, port, tmp_path, fault, timeout=8)
    assert ends(first) == [STOPPED]
    assert not lacking((tmp_path / "told0").read_text(), "OtherProcessError", value)
    second.kill()
    assert ends(second) == [-signal.SIGKILL]


@pytest.mark.slow
@pytest.mark.parametrize("rank", [0, 1])
def test_a_process_that_nobody_joins_says_where_it_waited(tmp_path: Path, rank: int):
    port = free_port()
    assert ends(started(rank, port, tmp_path, timeout=1)) == [STOPPED]
    told = (tmp_path / f"told{rank}").read_text()
    assert not lacking(told, "OtherProcessError", f"127.0.0.1:{port}", 1, "loop.timeout")
    assert not (tmp_path / f"run{rank}").exists()


@pytest.mark.slow
def test_processes_that_would_train_something_else_are_told_of_the_setting(tmp_path: Path):
    port = free_port()
    assert ends(*(started(rank, port, tmp_path, batch=batch) for rank, batch in ((0, 6), (1, 8)))) == [STOPPED] * 2
    for rank in (0, 1):
        assert not lacking((tmp_path / f"told{rank}").read_text(), "loop.batch_size", 6, 8, "process 1")
        assert not (tmp_path / f"run{rank}").exists()


@pytest.mark.slow
def test_processes_that_torchrun_starts_again_go_on_where_they_were(tmp_path: Path):
    run, options = tmp_path / "run", ("--standalone", "--nproc-per-node", "2", "--max-restarts", "1")
    command = [sys.executable, "-m", "torch.distributed.run", *options, "-m", "tests.fakes.toy_task", str(run)]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, timeout=200, text=True)
    assert done.returncode == 0, done.stderr
    assert "resumed at step 2 of 16" in (run / "train.log").read_text()
    weights = load_file(run / "last.safetensors")
    for name, tensor in load_file(run_toy(tmp_path / "one", batch_size=6).path / "last.safetensors").items():
        torch.testing.assert_close(tensor, weights[name], rtol=0, atol=1e-6)


def test_alone_a_process_does_all_by_itself():
    def fails() -> None:
        raise ConfigError("Expected 1, got 2.")

    for do in (together, from_first):
        assert do(None, lambda: 5) == 5
        with pytest.raises(ConfigError):
            do(None, fails)
