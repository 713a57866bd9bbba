import os
import signal
import threading
from itertools import chain
from pathlib import Path

import pytest
import torch

from acutance.errors import ConfigError
from acutance.synthesis.maker import Maker, Settings
from acutance.synthesis.workers import WORKER_ENVIRONMENT, Workers, usable_cores
from tests.raising import raises

SETTINGS = Settings(images=Path(), references=Path(), seed=7)
Facts = tuple[int, int, int, dict[str, str | None], bool]


def doubled(maker: Maker, task: int) -> int:
    return task * 2


def facts(maker: Maker, task: int) -> Facts:
    """What a worker is like."""
    environment = {name: os.environ.get(name) for name in WORKER_ENVIRONMENT}
    is_deaf = signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    return os.getpid(), maker.settings.seed, torch.get_num_threads(), environment, is_deaf


def refused(maker: Maker, task: int) -> int:
    raise ConfigError(f"Expected others, got {task}.")


def ended(maker: Maker, task: int) -> int:
    os._exit(1)


def test_one_worker_is_this_process_with_one_thread():
    before = torch.get_num_threads()
    with Workers(1, SETTINGS) as workers:
        assert list(workers.run(doubled, range(5), 2)) == [[0, 2], [4, 6], [8]]
        ((found,),) = workers.run(facts, [0], 1)
        assert found[:3] == (os.getpid(), 7, 1)
    assert torch.get_num_threads() == before


@pytest.mark.slow
def test_several_workers_are_processes_and_keep_the_order(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    handler = signal.getsignal(signal.SIGINT)
    with Workers(2, SETTINGS) as workers:
        assert os.environ["OMP_NUM_THREADS"] == "3"
        assert "MALLOC_TOP_PAD_" not in os.environ
        assert signal.getsignal(signal.SIGINT) == handler
        assert list(chain.from_iterable(workers.run(doubled, range(100), 3))) == list(range(0, 200, 2))
        for pid, seed, threads, environment, is_deaf in chain.from_iterable(workers.run(facts, range(8), 1)):
            assert pid != os.getpid()
            assert (seed, threads, environment, is_deaf) == (7, 1, WORKER_ENVIRONMENT, True)
        with raises(ConfigError, 0):
            list(workers.run(refused, range(4), 1))
        with raises(ConfigError, "--resume", "--workers"):
            list(workers.run(ended, range(4), 1))


def test_tasks_are_taken_only_a_little_ahead():
    tasks = iter(range(100))
    with Workers(1, SETTINGS) as workers:
        next(workers.run(doubled, tasks, 4))
    assert next(tasks) == 4


@pytest.mark.slow
def test_workers_start_outside_the_main_thread_too():
    found: list[list[int]] = []

    def work() -> None:
        with Workers(2, SETTINGS) as workers:
            found.extend(workers.run(doubled, [1], 1))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [[2]]


def test_a_worker_works_inside_its_block_only():
    with raises(ValueError):
        list(Workers(1, SETTINGS).run(doubled, [1], 1))


def test_there_is_at_least_one_core():
    assert 1 <= usable_cores() <= (os.cpu_count() or 1)
