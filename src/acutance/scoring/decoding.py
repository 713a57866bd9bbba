"""Pictures decoded ahead of their use, on worker threads, within a budget of memory."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from acutance.errors import AcutanceError, ShapeMismatchError
from acutance.images.read import read_image
from acutance.scoring.pairing import Pair
from acutance.scoring.settings import ScoringSettings
from acutance.scoring.sources import Picture

AHEAD_PER_WORKER = 2
"""Pairs handed to the workers before they are needed, for each of them."""


@dataclass(frozen=True)
class DecodedPair:
    """A pair of the plan with its pixels, or with the reason why there are none."""

    place: int
    """Place in the plan."""
    pair: Pair
    distorted: NDArray[Any] | None = None
    reference: NDArray[Any] | None = None
    error: Exception | None = None

    @property
    def nbytes(self) -> int:
        """Memory of the pixels."""
        return sum(pixels.nbytes for pixels in (self.distorted, self.reference) if pixels is not None)


def decode_ahead(pairs: Sequence[Pair], start: int, settings: ScoringSettings) -> Iterator[DecodedPair]:
    """The pairs from ``start`` on, in order, decoded; a picture that cannot be read gives an error, not an end."""
    with ThreadPoolExecutor(settings.workers, thread_name_prefix="acutance-decode") as pool:
        queue = _Queue(pairs, start, settings, pool)
        try:
            for place in range(start, len(pairs)):
                yield queue.take(place)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


class _Queue:
    """Futures of the pairs that come next; neighbours that share a reference share its future."""

    def __init__(self, pairs: Sequence[Pair], start: int, settings: ScoringSettings, pool: ThreadPoolExecutor) -> None:
        self._pairs = pairs
        self._settings = settings
        self._pool = pool
        self._next = start
        self._waiting: dict[int, Future[NDArray[Any]]] = {}
        self._references: dict[str, Future[NDArray[Any]]] = {}

    def take(self, place: int) -> DecodedPair:
        self._submit_ahead(place)
        pair = self._pairs[place]
        decoded = _joined(place, pair, self._waiting.pop(place), self._reference(pair))
        self._forget_references(place)
        return decoded

    def _submit_ahead(self, place: int) -> None:
        """Keep the workers busy: always the pair asked for, more while there is room."""
        limit = min(len(self._pairs), place + 1 + AHEAD_PER_WORKER * self._settings.workers)
        while self._next < limit and (self._next <= place or self._held() < self._settings.decode_memory):
            pair = self._pairs[self._next]
            self._waiting[self._next] = self._read(pair.image)
            self._reference(pair)
            self._next += 1

    def _reference(self, pair: Pair) -> Future[NDArray[Any]] | None:
        if pair.reference is None:
            return None
        if pair.reference.key not in self._references:
            self._references[pair.reference.key] = self._read(pair.reference)
        return self._references[pair.reference.key]

    def _forget_references(self, place: int) -> None:
        coming = {
            pair.reference.key for pair in self._pairs[place : max(self._next, place + 1)] if pair.reference is not None
        }
        for key in [key for key in self._references if key not in coming]:
            del self._references[key]

    def _held(self) -> int:
        futures = [*self._waiting.values(), *self._references.values()]
        done = [future for future in futures if future.done() and future.exception() is None]
        return sum(future.result().nbytes for future in done)

    def _read(self, picture: Picture) -> Future[NDArray[Any]]:
        return self._pool.submit(read_image, picture.source, background=self._settings.background)


def _joined(
    place: int, pair: Pair, distorted: Future[NDArray[Any]], reference: Future[NDArray[Any]] | None
) -> DecodedPair:
    try:
        pixels = distorted.result()
        other = reference.result() if reference else None
        if other is not None and pixels.shape != other.shape:
            raise ShapeMismatchError(pixels.shape[:2], other.shape[:2])
    except (AcutanceError, MemoryError) as error:
        return DecodedPair(place, pair, error=error)
    return DecodedPair(place, pair, pixels, other)
