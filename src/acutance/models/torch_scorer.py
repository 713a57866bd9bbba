"""Models of PyTorch for the scoring engine: threads, inference mode, batches on the device, features of references."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from types import TracebackType
from typing import Any, TypeVar

import numpy as np
import torch

from acutance.errors import ConfigError, InputError
from acutance.images.read import ReadImage
from acutance.layers.images import to_batch
from acutance.models.quality_model import ModelProvenance, PairDepth, QualityModel, ReadsDepth, SharesReferences
from acutance.models.scorer import Job
from acutance.shapes import ImageBatch

REFERENCE_MEMORY = 1_000_000_000
"""Bytes that kept features of references may take."""
NEVER = 1 << 62
Item = TypeVar("Item")
Result = TypeVar("Result")


def torch_scorers(models: Sequence[QualityModel], reference_memory: int = REFERENCE_MEMORY) -> list["TorchScorer"]:
    """Loaded models as scorers that share their threads and one cache of references.

    Raises:
        TypeError: A model that does not come from ``acutance.load``.
        ConfigError: One that was changed since, or that takes tensors normalised before.
    """
    provenances = [_checked_provenance(model) for model in models]
    threads = ComputeThreads(on_cpu=all(provenance.device == "cpu" for provenance in provenances))
    cache = ReferenceCache(reference_memory)
    return [TorchScorer(*one, threads, cache) for one in zip(models, provenances, strict=True)]


class TorchScorer:
    """A ``Scorer`` that runs a loaded model."""

    def __init__(
        self, model: QualityModel, provenance: ModelProvenance, threads: "ComputeThreads", cache: "ReferenceCache"
    ) -> None:
        self.name = provenance.model
        self.info = model.info
        self.needs_reference = model.needs_reference
        self.on_cpu = provenance.device == "cpu"
        self.parallel = threads.size
        self._model = model
        self._threads = threads
        self._cache = cache
        self._device = provenance.device
        self._dtype = torch.float64 if provenance.precision == "float64" else torch.float32
        self._sharing: SharesReferences[Any] | None = model if isinstance(model, SharesReferences) else None
        self._by_depth: ReadsDepth | None = model if isinstance(model, ReadsDepth) else None

    def parts(self, batch: list[Job]) -> list[list[Job]]:
        """Jobs whose references are kept first, apart from the others; and by depth where the model reads it."""
        parts: dict[tuple[bool, PairDepth | None], list[Job]] = {}
        for job in sorted(batch, key=lambda job: not self._keeps_reference(job)):
            depth = None if self._by_depth is None else _depth(job)
            parts.setdefault((self._keeps_reference(job), depth), []).append(job)
        return list(parts.values())

    def score(self, batch: list[Job]) -> list[dict[str, float]]:
        """The terms of each job of one part; each thread takes a share of it."""
        try:
            features = self._features(batch) if self._keeps_reference(batch[0]) else None
            shares = self._threads.run(partial(self._terms, features), self._threads.shares(batch))
        except RuntimeError as error:
            if not _is_out_of_memory(error):
                raise
            height, width = batch[0].distorted.array.shape[:2]
            raise InputError(
                f"There is not enough memory for images of {width} x {height} pixels: {error}. Score smaller ones."
            ) from error
        return [
            dict(zip(terms, values, strict=True)) for terms in shares for values in zip(*terms.values(), strict=True)
        ]

    def _terms(self, features: dict[str, Any] | None, share: Sequence[Job]) -> dict[str, list[float]]:
        distorted = self._batch([job.distorted for job in share])
        if features is not None and self._sharing is not None:
            terms = self._sharing.terms_against(distorted, [features[job.reference_key] for job in share])
        elif not self.needs_reference:
            terms = self._model.terms(distorted)
        else:
            reference = self._batch([job.reference for job in share if job.reference is not None])
            if self._by_depth is not None:
                terms = self._by_depth.terms_at_depth(distorted, reference, _depth(share[0]))
            else:
                terms = self._model.terms(distorted, reference)
        return {name: numbers.cpu().double().tolist() for name, numbers in terms.items()}

    def _keeps_reference(self, job: Job) -> bool:
        if self._sharing is None or not job.is_shared or job.reference is None:
            return False
        height, width = job.distorted.array.shape[:2]
        return self._sharing.features_nbytes(height, width) <= self._cache.budget

    def _features(self, batch: list[Job]) -> dict[str, Any]:
        """What the model keeps of each reference of a part, by the reference."""
        if self._sharing is None:
            return {}
        nbytes = self._sharing.features_nbytes(*batch[0].distorted.array.shape[:2])
        last = {job.reference_key: job for job in batch}  # whose next use is that of the whole part
        return {
            key: self._cache.get((self.name, key), nbytes, job, partial(self._encoded, job))
            for key, job in last.items()
        }

    def _encoded(self, job: Job) -> Any:  # noqa: ANN401 (whatever the model keeps)
        if self._sharing is None or job.reference is None:
            return None
        return self._threads.run(self._sharing.encode_reference, [self._batch([job.reference])])[0]

    def _batch(self, images: Sequence[ReadImage]) -> ImageBatch:
        return to_batch([image.array for image in images], dtype=self._dtype, device=self._device)


class ReferenceCache:
    """Features of references, within a budget of bytes; what is needed last makes way first."""

    def __init__(self, budget: int) -> None:
        self.budget = budget
        self.held = 0
        self._kept: dict[tuple[str, str], tuple[Any, int, int]] = {}  # features, bytes, next use

    def get(self, name: tuple[str, str], nbytes: int, job: Job, make: Callable[[], Any]) -> Any:  # noqa: ANN401
        """The features of the job's reference, made now if they are not there, kept if a later pair needs them.

        Args:
            name: Of the model, and key of the reference.
            job: Who asks, the last one of its batch with this reference.
        """
        features = self._drop(name) if name in self._kept else make()
        if job.next_use is not None and self._make_room(nbytes, job.next_use, job.done):
            self._kept[name] = (features, nbytes, job.next_use)
            self.held += nbytes
        return features

    def _make_room(self, nbytes: int, next_use: int, done: int) -> bool:
        """Whether there is room now; only what is needed later than ``next_use`` makes way."""

        def waits(name: tuple[str, str]) -> int:
            place = self._kept[name][2]
            return place if place >= done else NEVER  # that pair is done, and had no use for it: it could not be read

        while self.held + nbytes > self.budget:
            last = max(self._kept, key=waits, default=None)
            if last is None or waits(last) <= next_use:
                return False
            self._drop(last)
        return True

    def _drop(self, name: tuple[str, str]) -> Any:  # noqa: ANN401
        features, nbytes, _ = self._kept.pop(name)
        self.held -= nbytes
        return features


class ComputeThreads:
    """As many threads as PyTorch would use inside one operation, each on images of its own; one where a GPU computes.

    Threads inside an operation wait for each other after every one of them, and a thread that decodes an image
    makes them wait long. Images need not wait for each other.
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

    def __enter__(self) -> "ComputeThreads":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

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
    """Use one thread inside operations; waits until every thread of the pool does."""
    torch.get_num_threads()  # a thread takes over the common number when first asked, and would undo the next line
    torch.set_num_threads(1)
    together.wait()


def _without_gradient(work: Callable[[Item], Result], item: Item) -> Result:
    with torch.inference_mode():
        return work(item)


def _depth(job: Job) -> PairDepth:
    """Of the image and its reference together."""
    images = [image for image in (job.distorted, job.reference) if image is not None]
    eight_bits = all(image.array.dtype == np.uint8 for image in images)
    return PairDepth(eight_bits=eight_bits, one_channel=not eight_bits and all(one.channels == 1 for one in images))


def _is_out_of_memory(error: RuntimeError) -> bool:
    """Whether memory ran out, which a smaller image mends."""
    words = ("not enough memory", "out of memory", "can't allocate")
    return isinstance(error, torch.OutOfMemoryError) or any(word in str(error).lower() for word in words)


def _checked_provenance(model: QualityModel) -> ModelProvenance:
    if model.provenance is None:
        raise TypeError("a model to score with comes from acutance.load")
    if not model.is_as_loaded():
        raise ConfigError(
            f"The weights, type or device of {model.provenance.model} were changed since acutance.load gave it: its "
            "provenance would be wrong. Load it as you want it, or call the model itself."
        )
    if model.takes_normalized:
        raise ConfigError(
            f"{model.provenance.model} was loaded with normalized=true, which is for tensors that were normalised "
            "before, not for images. Leave normalized out, or call the loaded model itself."
        )
    return model.provenance
