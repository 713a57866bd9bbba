"""Pictures decoded ahead of their use, on worker threads, within a budget of memory."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Any

import numpy as np

from acutance.errors import AcutanceError, ImageReadError, ShapeMismatchError
from acutance.images.read import ReadImage, read_picture
from acutance.models.quality_model import PairDepth
from acutance.scoring.pairing import Pair
from acutance.scoring.settings import ScoringSettings
from acutance.scoring.sources import Picture, is_path

AHEAD_PER_WORKER = 2
"""Pairs handed to the workers before they are needed, for each of them."""


@dataclass(frozen=True)
class DecodedPair:
    """A pair of the plan with its pixels, or with the reasons why there are none."""

    place: int
    """Place in the plan."""
    pair: Pair
    distorted: ReadImage | None = None
    reference: ReadImage | None = None
    error: Exception | None = None
    """Why no model can score the picture."""
    reference_error: Exception | None = None
    """Why it cannot be compared; a model that needs no reference can still score it."""
    later_frames: Mapping[str, int] = field(default_factory=dict)
    """How many frames follow the first one, by name of the picture or reference; those without are not in it."""

    @property
    def nbytes(self) -> int:
        """Memory of the pixels."""
        return sum(image.array.nbytes for image in (self.distorted, self.reference) if image is not None)

    @property
    def depth(self) -> PairDepth:
        """Of the picture and its reference together."""
        images = [image for image in (self.distorted, self.reference) if image is not None]
        eight_bits = all(image.array.dtype == np.uint8 for image in images)
        one_channel = not eight_bits and all(image.channels == 1 for image in images)
        return PairDepth(eight_bits=eight_bits, one_channel=one_channel)

    def lost_depth(self, *, compares: bool) -> str | None:
        """Bits kept of bits there were, such as ``8 of 16``: of the picture, or else of the reference if it counts."""
        return next((depth for _, depth in self.shallow(compares=compares)), None)

    def shallow(self, *, compares: bool) -> list[tuple[str, str]]:
        """The names of the pictures of which not all bits could be had, each with what was kept."""
        both = ((self.pair.image, self.distorted), (self.pair.reference if compares else None, self.reference))
        return [(p.name, image.lost_depth) for p, image in both if p is not None and image and image.lost_depth]


def decode_ahead(
    pairs: Sequence[Pair], start: int, settings: ScoringSettings, *, with_references: bool = True
) -> Iterator[DecodedPair]:
    """The pairs from ``start`` on, in order, decoded; a picture that cannot be read gives an error, not an end."""
    pool = ThreadPoolExecutor(settings.workers, thread_name_prefix="acutance-decode")
    try:
        queue = _Queue(pairs, start, settings, pool, with_references=with_references)
        for place in range(start, len(pairs)):
            yield queue.take(place)
    finally:  # a generator may end in the garbage collector, which must not wait for threads
        pool.shutdown(wait=False, cancel_futures=True)


class _Queue:
    """Futures of the pairs that come next; neighbours that share a reference share its future."""

    def __init__(
        self,
        pairs: Sequence[Pair],
        start: int,
        settings: ScoringSettings,
        pool: ThreadPoolExecutor,
        *,
        with_references: bool,
    ) -> None:
        self._pairs = pairs
        self._settings = settings
        self._pool = pool
        self._with_references = with_references
        self._next = start
        self._largest = 0
        self._waiting: dict[int, Future[ReadImage]] = {}
        self._references: dict[str, Future[ReadImage]] = {}
        self._frames: dict[str, int] = {}
        self._locks: defaultdict[str, AbstractContextManager[Any]] = defaultdict(Lock)

    def take(self, place: int) -> DecodedPair:
        self._submit_ahead(place)
        pair = self._pairs[place]
        decoded = _joined(place, pair, self._waiting.pop(place), self._reference(pair))
        self._forget_references(place)
        pictures = [picture for picture in (pair.image, pair.reference) if picture is not None]
        frames = {picture.name: self._frames[picture.key] for picture in pictures if picture.key in self._frames}
        return replace(decoded, later_frames=frames) if frames else decoded

    def _submit_ahead(self, place: int) -> None:
        """Keep the workers busy: always the pair asked for, more while there is room."""
        limit = min(len(self._pairs), place + 1 + AHEAD_PER_WORKER * self._settings.workers)
        while self._next < limit and (self._next <= place or self._held() < self._settings.decode_memory):
            pair = self._pairs[self._next]
            self._waiting[self._next] = self._read(pair.image)
            self._reference(pair)
            self._next += 1

    def _reference(self, pair: Pair) -> Future[ReadImage] | None:
        if pair.reference is None or not self._with_references:
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
        """Bytes of the pictures that wait; one still being read counts as much as the largest so far."""
        futures = [*self._waiting.values(), *self._references.values()]
        sizes = [future.result().array.nbytes for future in futures if future.done() and future.exception() is None]
        self._largest = max([self._largest, *sizes])
        return sum(sizes) + self._largest * sum(not future.done() for future in futures)

    def _read(self, picture: Picture) -> Future[ReadImage]:
        alone = nullcontext() if is_path(picture.source) else self._locks[picture.key]
        return self._pool.submit(_read_one, picture, self._settings, alone, self._frames)


def _read_one(
    picture: Picture, settings: ScoringSettings, alone: AbstractContextManager[Any], frames: dict[str, int]
) -> ReadImage:
    """The pixels; a file object or Pillow picture that is named twice is read by one thread at a time."""
    with alone:
        image = read_picture(picture.source, background=settings.background, hdr_peak=settings.hdr_peak)
    if image.later_frames and settings.strict:
        raise ImageReadError(
            f"{picture.name}: Expected a picture of one frame because of strict, got {image.later_frames} more. Take "
            "one out."
        )
    if image.later_frames:
        frames[picture.key] = image.later_frames
    return image


def _joined(place: int, pair: Pair, distorted: Future[ReadImage], reference: Future[ReadImage] | None) -> DecodedPair:
    image, error = _outcome(distorted)
    if error is not None or image is None:
        return DecodedPair(place, pair, error=error)
    if reference is None:
        return DecodedPair(place, pair, image)
    other, error = _outcome(reference)
    if other is not None and image.array.shape != other.array.shape:
        error = ShapeMismatchError(image.array.shape[:2], other.array.shape[:2])
    if error is not None:
        return DecodedPair(place, pair, image, reference_error=error)
    return DecodedPair(place, pair, image, other)


def _outcome(future: Future[ReadImage]) -> tuple[ReadImage | None, Exception | None]:
    """What was read, or the fault of the picture; any other fault is raised."""
    error = future.exception()
    if error is None:
        return future.result(), None
    if isinstance(error, AcutanceError | MemoryError):
        return None, error
    raise error
