"""Threads that compute side by side on a CPU, each on pictures of its own.

Threads inside an operation wait for each other after every one of them, and a thread that decodes a picture
makes them wait long. Pictures need not wait for each other.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import TypeVar

import torch

Item = TypeVar("Item")
Result = TypeVar("Result")


class Crew:
    """As many threads as PyTorch would use inside one operation; none where a GPU computes.

    The number of threads inside an operation is one for threads that are started while a crew is at work; it is
    put back when the crew goes.

    Args:
        on_cpu: Whether a CPU computes.
    """

    def __init__(self, *, on_cpu: bool) -> None:
        self._threads = torch.get_num_threads()
        self.size = self._threads if on_cpu else 1
        self._pool = ThreadPoolExecutor(self.size, "acutance-score", torch.set_num_threads, (1,))

    def __enter__(self) -> "Crew":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)
        torch.set_num_threads(self._threads)

    def run(self, work: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
        """``work`` of every item, without gradient; a single item is worked on by all threads together."""
        if len(items) == 1 or self.size == 1:
            return [_without_gradient(work, item) for item in items]
        return list(self._pool.map(lambda item: _without_gradient(work, item), items))

    def shares(self, items: Sequence[Item]) -> list[Sequence[Item]]:
        """The items in as many runs as there are threads, or fewer."""
        length = -(-len(items) // self.size)
        return [items[start : start + length] for start in range(0, len(items), length)]


def _without_gradient(work: Callable[[Item], Result], item: Item) -> Result:
    with torch.inference_mode():
        return work(item)
