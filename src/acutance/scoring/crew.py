"""Threads that compute side by side on a CPU, each on pictures of its own.

Threads inside an operation wait for each other after every one of them, and a thread that decodes a picture
makes them wait long. Pictures need not wait for each other.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from types import TracebackType
from typing import TypeVar

import torch

Item = TypeVar("Item")
Result = TypeVar("Result")


class Crew:
    """As many threads as PyTorch would use inside one operation; none where a GPU computes.

    Args:
        on_cpu: Whether a CPU computes.
    """

    def __init__(self, *, on_cpu: bool) -> None:
        threads = torch.get_num_threads()
        self.size = threads if on_cpu else 1
        self._pool = ThreadPoolExecutor(self.size, "acutance-score")
        if self.size > 1:
            together = Barrier(self.size)
            for started in [self._pool.submit(_compute_alone, together) for _ in range(self.size)]:
                started.result()
            torch.set_num_threads(threads)  # each thread keeps its own one; threads yet to come get this again

    def __enter__(self) -> "Crew":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)  # may be called by the garbage collector

    def run(self, work: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
        """``work`` of every item, without gradient; a single item is worked on by all threads together."""
        if len(items) == 1 or self.size == 1:
            return [_without_gradient(work, item) for item in items]
        return list(self._pool.map(lambda item: _without_gradient(work, item), items))

    def shares(self, items: Sequence[Item]) -> list[Sequence[Item]]:
        """The items in as many runs as there are threads, or fewer."""
        length = -(-len(items) // self.size)
        return [items[start : start + length] for start in range(0, len(items), length)]


def _compute_alone(together: Barrier) -> None:
    """Use one thread inside operations; waits until every thread of the crew does."""
    torch.get_num_threads()  # a thread takes over the common number when first asked, and would undo the next line
    torch.set_num_threads(1)
    together.wait()


def _without_gradient(work: Callable[[Item], Result], item: Item) -> Result:
    with torch.inference_mode():
        return work(item)
