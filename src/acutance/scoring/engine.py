"""Pairs in, rows out: images decoded ahead, batched by size, scored by several models, rows in the order of the pairs.

The engine knows arrays and scorers, not PyTorch. How it makes batches is part of the numbers: a batch holds images of
one size out of one group of ``CHUNK`` pairs, and a resumed run begins at the start of a group.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Literal

from acutance.errors import AcutanceError, ImageReadError, InputError, ShapeMismatchError
from acutance.images.read import ReadImage, read_with_depth
from acutance.models.scorer import Job, Scorer
from acutance.scoring.options import RunOptions
from acutance.scoring.pairing import NamedImage, Pair, is_path
from acutance.scoring.rows import ScoreRow
from acutance.tables.text import readable
from acutance.types import OnProgress

CHUNK = 64
"""Pairs that may be batched together; which ones are does not depend on where a run began."""
LARGEST_BATCH = 64
"""Images in an automatic batch at most."""
CPU_PIXELS = 800_000
"""Pixels in an automatic batch on a CPU: more leaves its caches without a gain (measured at 512 x 384)."""
GPU_PIXELS = 16_000_000
"""Pixels in an automatic batch on a GPU."""
DECODE_MEMORY = 500_000_000
"""Bytes of decoded images that may wait to be scored."""
AHEAD_PER_WORKER = 2
"""Pairs handed to the decoding threads before they are needed, for each of them."""


@dataclass(frozen=True)
class DecodedPair:
    """A pair of the plan with its pixels, or with the reasons why there are none."""

    place: int
    """Place in the plan."""
    pair: Pair
    distorted: ReadImage | None = None
    reference: ReadImage | None = None
    error: Exception | None = None
    """Why no model can score the image."""
    reference_error: Exception | None = None
    """Why it cannot be compared; a model that needs no reference can still score it."""
    later_frames: Mapping[str, int] = field(default_factory=dict)
    """How many frames follow the first one, by name of the image or reference; those without are not in it."""

    def lost_depths(self, *, compares: bool) -> list[tuple[str, str]]:
        """The names of the images of which not all bits could be had, each with what was kept, such as ``8 of 16``."""
        both = ((self.pair.image, self.distorted), (self.pair.reference if compares else None, self.reference))
        return [(one.name, image.lost_depth) for one, image in both if one is not None and image and image.lost_depth]


def score_pairs(
    pairs: Sequence[Pair],
    scorers: Sequence[Scorer],
    options: RunOptions,
    *,
    start: int = 0,
    frames: dict[str, int] | None = None,
    on_progress: OnProgress | None = None,
    decode_memory: int = DECODE_MEMORY,
) -> Iterator[list[ScoreRow]]:
    """The rows of each pair, one per scorer, in the order of the pairs.

    Work begins at the last multiple of ``CHUNK`` before ``start``, so that a resumed run makes the same
    batches, and so the same scores to the last digit, as an unbroken one.

    Args:
        pairs: The whole plan.
        scorers: What scores them.
        options: How to run.
        start: First pair whose rows are wanted.
        frames: Filled with how many later frames each image has, by its name, as images are read.
        on_progress: Called with pairs done and pairs in all.
        decode_memory: Bytes of decoded images that may wait to be scored.
    """
    place = start - start % CHUNK
    next_uses, uses = _reference_uses(pairs)
    done: dict[int, list[ScoreRow]] = {}
    for batch in _batches(pairs, place, scorers, options, decode_memory):
        jobs = {
            pair.place: Job(
                place=pair.place,
                distorted=pair.distorted,
                reference=pair.reference,
                reference_key="" if pair.pair.reference is None else pair.pair.reference.key,
                is_shared=pair.pair.reference is not None and uses[pair.pair.reference.key] > 1,
                next_use=next_uses[pair.place],
                done=place,
            )
            for pair in batch
            if pair.distorted is not None
        }
        done |= {pair.place: [] for pair in batch}
        for scorer in scorers:
            for pair, outcome in _outcomes(batch, jobs, scorer, strict=options.strict):
                done[pair.place].append(_row(pair, scorer, outcome))
        if frames is not None:
            for pair in batch:
                frames.update(pair.later_frames)
        while place in done:
            rows = done.pop(place)
            place += 1
            if place > start:
                if on_progress is not None:
                    on_progress(place, len(pairs))
                yield rows


def images_per_batch(
    pixels: int, batch_size: int | Literal["auto"] = "auto", *, on_cpu: bool = True, parallel: int = 1
) -> int:
    """Number of images of this many pixels in a batch; the default is as many for each thread."""
    if batch_size != "auto":
        return batch_size
    count = max(1, min(LARGEST_BATCH, (CPU_PIXELS if on_cpu else GPU_PIXELS) // pixels))
    return count if count == 1 else max(1, count // parallel) * parallel


def decode_ahead(
    pairs: Sequence[Pair],
    start: int,
    options: RunOptions,
    *,
    with_references: bool = True,
    memory: int = DECODE_MEMORY,
) -> Iterator[DecodedPair]:
    """The pairs from ``start`` on, in order, decoded; an image that cannot be read gives an error, not an end."""
    threads = options.decoding_threads
    pool = ThreadPoolExecutor(threads, thread_name_prefix="acutance-decode")
    try:
        queue = _Queue(pairs, options, pool, memory, with_references, next=start, ahead=AHEAD_PER_WORKER * threads)
        for place in range(start, len(pairs)):
            yield queue.take(place)
    finally:  # a generator may end in the garbage collector, which must not wait for threads
        pool.shutdown(wait=False, cancel_futures=True)


def _reference_uses(pairs: Sequence[Pair]) -> tuple[list[int | None], Counter[str]]:
    """The place of the next pair with the same reference, for each pair; and how many pairs have each reference."""
    next_uses: list[int | None] = [None] * len(pairs)
    uses: Counter[str] = Counter()
    following: dict[str, int] = {}
    for place in reversed(range(len(pairs))):
        if (reference := pairs[place].reference) is not None:
            next_uses[place] = following.get(reference.key)
            following[reference.key] = place
            uses[reference.key] += 1
    return next_uses, uses


def _batches(
    pairs: Sequence[Pair], first: int, scorers: Sequence[Scorer], options: RunOptions, decode_memory: int
) -> Iterator[list[DecodedPair]]:
    """Pairs of one size, grouped within their chunk; an image that cannot be read comes alone."""
    on_cpu, parallel = all(scorer.on_cpu for scorer in scorers), max(scorer.parallel for scorer in scorers)
    compares = any(scorer.needs_reference for scorer in scorers)
    groups: dict[tuple[int, ...], list[DecodedPair]] = {}
    for decoded in decode_ahead(pairs, first, options, with_references=compares, memory=decode_memory):
        if decoded.distorted is None:
            yield [decoded]
        else:
            size = decoded.distorted.array.shape[:2]
            group = groups.setdefault(size, [])
            group.append(decoded)
            wanted = images_per_batch(math.prod(size), options.batch_size, on_cpu=on_cpu, parallel=parallel)
            if len(group) >= wanted:
                yield groups.pop(size)
        images = [image for group in groups.values() for pair in group for image in (pair.distorted, pair.reference)]
        waiting = sum(image.array.nbytes for image in images if image is not None)
        if (decoded.place + 1) % CHUNK == 0 or waiting > decode_memory:
            yield from groups.values()
            groups = {}
    yield from groups.values()


def _outcomes(
    batch: list[DecodedPair], jobs: Mapping[int, Job], scorer: Scorer, *, strict: bool
) -> Iterator[tuple[DecodedPair, dict[str, float] | Exception]]:
    """The terms of each pair of a batch by one scorer, or the reason why there are none."""
    by_place = {pair.place: pair for pair in batch}
    able: list[Job] = []
    for pair in batch:
        obstacle = _obstacle(pair, scorer, strict=strict)
        if obstacle is None:
            able.append(jobs[pair.place])
        else:
            yield pair, obstacle
    for part in scorer.parts(able) if able else ():
        for job, outcome in zip(part, _attempt(part, scorer), strict=True):
            yield by_place[job.place], outcome


def _obstacle(pair: DecodedPair, scorer: Scorer, *, strict: bool) -> Exception | None:
    """Why this scorer cannot even try."""
    compares = scorer.needs_reference
    if pair.error is None and compares and pair.pair.reference is None:
        return InputError(f"There is no reference, and {scorer.name} compares with one.")
    error = pair.error or (pair.reference_error if compares else None)
    if error is None and strict:
        for name, depth in pair.lost_depths(compares=compares):
            return InputError(
                f"Not all bits of {name} can be read, only {depth}. Save it as a 16-bit PNG or TIFF in sRGB, or leave "
                "out strict."
            )
    return error


def _attempt(part: list[Job], scorer: Scorer) -> Sequence[dict[str, float] | Exception]:
    """The terms of a part; if it fails, each job has its own attempt, so that one cannot fail another."""
    try:
        return scorer.score(part)
    except (AcutanceError, MemoryError) as error:
        if len(part) == 1:
            return [error]
    return [outcome for job in part for outcome in _attempt([job], scorer)]


def _row(pair: DecodedPair, scorer: Scorer, outcome: dict[str, float] | Exception) -> ScoreRow:
    if not isinstance(outcome, Exception) and math.isnan(outcome["score"]):
        outcome = InputError("The score is NaN: the model gives no number for this image.")
    compares, reference = scorer.needs_reference, pair.pair.reference
    lost = pair.lost_depths(compares=compares)
    row: dict[str, Any] = {
        "image": pair.pair.image.name,
        "reference": reference.name if compares and reference is not None else None,
        "model": scorer.name,
        "better": scorer.info.better,
        "depth": lost[0][1] if lost else None,
    }
    if isinstance(outcome, Exception):
        _forget_traceback(outcome)
        error = readable(" ".join(str(outcome).split())) or type(outcome).__name__
        return ScoreRow(**row, error=error, exception=outcome)
    terms = {name: value for name, value in outcome.items() if name != "score"}
    return ScoreRow(**row, score=outcome["score"], terms=terms)


def _forget_traceback(error: BaseException | None) -> None:
    """Forget where an error and its causes were raised: those frames hold on to the pixels of images."""
    while error is not None and error.__traceback__ is not None:
        error.__traceback__ = None
        _forget_traceback(error.__context__)
        error = error.__cause__


@dataclass
class _Queue:
    """Futures of the pairs that come next; neighbours that share a reference share its future."""

    pairs: Sequence[Pair]
    options: RunOptions
    pool: ThreadPoolExecutor
    memory: int
    with_references: bool
    next: int
    """Place of the first pair that is not yet handed to the threads."""
    ahead: int
    largest: int = 0
    """Bytes of the largest image so far."""
    waiting: dict[int, Future[ReadImage]] = field(default_factory=dict)
    references: dict[str, Future[ReadImage]] = field(default_factory=dict)
    locks: dict[str, AbstractContextManager[Any]] = field(default_factory=lambda: defaultdict(Lock))

    def take(self, place: int) -> DecodedPair:
        self._submit_ahead(place)
        pair = self.pairs[place]
        reading = self._reference(pair)
        image, error = _outcome(self.waiting.pop(place))
        reference, reference_error = _outcome(reading) if reading is not None and image is not None else (None, None)
        self._forget_references(place)
        both = ((pair.image, image), (pair.reference, reference))
        frames = {one.name: read.later_frames for one, read in both if one and read and read.later_frames}
        if image is not None and reference is not None and image.array.shape != reference.array.shape:
            reference_error = ShapeMismatchError(image.array.shape[:2], reference.array.shape[:2])
            reference = None
        return DecodedPair(place, pair, image, reference, error, reference_error, frames)

    def _submit_ahead(self, place: int) -> None:
        """Keep the threads busy: always the pair asked for, more while there is room."""
        limit = min(len(self.pairs), place + 1 + self.ahead)
        while self.next < limit and (self.next <= place or self._held() < self.memory):
            pair = self.pairs[self.next]
            self.waiting[self.next] = self._read(pair.image)
            self._reference(pair)
            self.next += 1

    def _reference(self, pair: Pair) -> Future[ReadImage] | None:
        if pair.reference is None or not self.with_references:
            return None
        if pair.reference.key not in self.references:
            self.references[pair.reference.key] = self._read(pair.reference)
        return self.references[pair.reference.key]

    def _forget_references(self, place: int) -> None:
        coming = {
            pair.reference.key for pair in self.pairs[place : max(self.next, place + 1)] if pair.reference is not None
        }
        for key in [key for key in self.references if key not in coming]:
            del self.references[key]

    def _held(self) -> int:
        """Bytes of the images that wait; one still being read counts as much as the largest so far."""
        futures = [*self.waiting.values(), *self.references.values()]
        sizes = [future.result().array.nbytes for future in futures if future.done() and future.exception() is None]
        self.largest = max([self.largest, *sizes])
        return sum(sizes) + self.largest * sum(not future.done() for future in futures)

    def _read(self, image: NamedImage) -> Future[ReadImage]:
        alone = nullcontext() if is_path(image.source) else self.locks[image.key]
        return self.pool.submit(_read_one, image, self.options, alone)


def _read_one(image: NamedImage, options: RunOptions, alone: AbstractContextManager[Any]) -> ReadImage:
    """The pixels; a file object or Pillow image that is named twice is read by one thread at a time."""
    with alone:
        read = read_with_depth(image.source, background=options.background, hdr_peak=options.hdr_peak)
    if read.later_frames and options.strict:
        raise ImageReadError(
            f"{image.name} has later frames ({read.later_frames}), which strict forbids. Take one frame out."
        )
    return read


def _outcome(future: Future[ReadImage]) -> tuple[ReadImage | None, Exception | None]:
    """What was read, or the fault of the image; any other fault is raised."""
    error = future.exception()
    if error is None:
        return future.result(), None
    if isinstance(error, AcutanceError | MemoryError):
        return None, error
    raise error
