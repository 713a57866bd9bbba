"""Processes that work side by side, one thread each; results come in the order of the tasks."""

import multiprocessing
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager
from itertools import islice
from types import TracebackType
from typing import TypeVar

from acutance.errors import ConfigError
from acutance.synthesis.maker import Maker, Settings

AHEAD = 3
"""Chunks that each worker has before it, done or to do."""
WORKER_ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "MALLOC_MMAP_THRESHOLD_": str(1 << 30),
    "MALLOC_TRIM_THRESHOLD_": str(1 << 30),
    "MALLOC_TOP_PAD_": str(1 << 26),
}
"""One thread a process, and memory that is kept: by default glibc gives every array of a metric back to the system
and gets it again page by page, which takes a third of gmsd's time (mallopt(3); docs/synthesis.md)."""

Task = TypeVar("Task")
Result = TypeVar("Result")

_maker: Maker | None = None
"""Of a worker process, or of this one where it does the work itself."""


class Workers:
    """Worker processes with a ``Maker`` each; with one, this process does the work. Used in a ``with`` block.

    A pool's own ``map`` would take all tasks at once; here a few chunks wait for each worker, whatever there are.
    """

    def __init__(self, count: int, settings: Settings) -> None:
        self._count = count
        self._settings = settings
        self._pool: ProcessPoolExecutor | None = None
        self._open = ExitStack()

    def __enter__(self) -> "Workers":
        if self._count == 1:
            self._open.enter_context(_working_here(self._settings))
            return self
        self._pool = ProcessPoolExecutor(
            self._count, multiprocessing.get_context("spawn"), initializer=_begin, initargs=(self._settings,)
        )
        self._open.callback(self._pool.shutdown, wait=True, cancel_futures=True)
        with _as_workers_start():
            for _ in range(self._count):
                self._pool.submit(os.getpid)  # a task for a process to be started for
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def run(self, work: Callable[[Maker, Task], Result], tasks: Iterable[Task], chunk: int) -> Iterator[list[Result]]:
        """The results of chunks of tasks, in their order.

        Args:
            work: A function of a module or class, since it travels by name.
            chunk: How many tasks a worker takes at once.

        Raises:
            ConfigError: A worker process that ended.
        """
        source = iter(tasks)
        chunks = iter(lambda: list(islice(source, chunk)), [])
        if self._pool is None:
            yield from (_work(work, tasks) for tasks in chunks)
            return
        waiting: deque[Future[list[Result]]] = deque()
        try:
            for tasks_of_one in chunks:
                waiting.append(self._pool.submit(_work, work, tasks_of_one))
                if len(waiting) >= AHEAD * self._count:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BrokenProcessPool as error:
            raise ConfigError(
                "Expected worker processes to stay, got one that was ended from outside, perhaps for lack of memory. "
                "Continue with --resume and fewer --workers."
            ) from error


def usable_cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _work(work: Callable[[Maker, Task], Result], tasks: Sequence[Task]) -> list[Result]:
    if _maker is None:
        raise ValueError("workers work inside their with block")
    return [work(_maker, task) for task in tasks]


@contextmanager
def _working_here(settings: Settings) -> Iterator[None]:
    """This process as its own worker, with one thread too: scores must not depend on the number of workers."""
    global _maker
    _maker = Maker(settings)
    torch = sys.modules.get("torch")  # absent without metrics
    threads = torch.get_num_threads() if torch else 1
    try:
        if torch:
            torch.set_num_threads(1)
        yield
    finally:
        _maker = None
        if torch:
            torch.set_num_threads(threads)


def _begin(settings: Settings) -> None:
    """Make a process a worker: no life without its parent, which alone minds an interrupt.

    Its environment limits it to one thread.
    """
    global _maker
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _maker = Maker(settings)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


@contextmanager
def _as_workers_start() -> Iterator[None]:
    """Environment and signals as workers inherit them: an interrupt is for the parent, from their first moment."""
    before = {name: os.environ.get(name) for name in WORKER_ENVIRONMENT}
    os.environ.update(WORKER_ENVIRONMENT)
    is_main = threading.current_thread() is threading.main_thread()
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN) if is_main else None
    try:
        yield
    finally:
        if is_main:
            signal.signal(signal.SIGINT, handler)
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
