"""Pairs in, rows out: several models in one decode, equal sizes batched, references kept, order preserved."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch

from acutance.errors import AcutanceError, ConfigError, InputError
from acutance.images.read import ReadImage
from acutance.layers.images import to_batch
from acutance.models.quality_model import ModelProvenance, PairDepth, QualityModel, ReadsDepth, SharesReferences
from acutance.scoring.crew import Crew
from acutance.scoring.decoding import DecodedPair, decode_ahead
from acutance.scoring.pairing import Pair
from acutance.scoring.rows import ScoreRow, failed_row, scored_row
from acutance.scoring.settings import ScoringSettings
from acutance.scoring.shelf import ReferenceShelf
from acutance.types import OnProgress

Terms = dict[str, list[float]]

CHUNK = 64
"""Pairs that may be batched together; which ones are does not depend on where a run began."""


def score_pairs(
    pairs: Sequence[Pair],
    models: Sequence[QualityModel],
    settings: ScoringSettings,
    *,
    start: int = 0,
    frames: dict[str, int] | None = None,
    on_progress: OnProgress | None = None,
) -> Iterator[list[ScoreRow]]:
    """The rows of each pair, one per model, in the order of the pairs.

    Work begins at the last multiple of ``CHUNK`` before ``start``, so that a resumed run makes the same
    batches, and so the same scores to the last digit, as an unbroken one.

    Args:
        pairs: The whole plan.
        models: Loaded models; each has its provenance.
        settings: How to run.
        start: First pair whose rows are wanted.
        frames: Filled with how many later frames each picture has, by its name, as pictures are read.
        on_progress: Called with pairs done and pairs in all.
    """
    scorer = _Scorer(pairs, models, settings, {} if frames is None else frames)
    first = start - start % CHUNK
    for place, rows in enumerate(scorer.run(first), start=first):
        if place >= start:
            if on_progress is not None:
                on_progress(place + 1, len(pairs))
            yield rows


@dataclass(frozen=True)
class _Model:
    """A model with what scoring asks of it all the time."""

    model: QualityModel
    provenance: ModelProvenance

    @property
    def name(self) -> str:
        return self.provenance.model

    @property
    def compares(self) -> bool:
        return self.model.needs_reference

    def scored(self, pair: DecodedPair, terms: dict[str, float]) -> ScoreRow:
        depth, better = pair.lost_depth(compares=self.compares), self.model.info.better
        return scored_row(pair.pair, self.name, terms, compares=self.compares, better=better, depth=depth)

    def failed(self, pair: DecodedPair, error: Exception) -> ScoreRow:
        depth, better = pair.lost_depth(compares=self.compares), self.model.info.better
        return failed_row(pair.pair, self.name, error, compares=self.compares, better=better, depth=depth)

    @property
    def dtype(self) -> torch.dtype:
        return torch.float64 if self.provenance.precision == "float64" else torch.float32


class _Scorer:
    def __init__(
        self,
        pairs: Sequence[Pair],
        models: Sequence[QualityModel],
        settings: ScoringSettings,
        frames: dict[str, int],
    ) -> None:
        self._pairs = pairs
        self._frames = frames
        self._models = [_Model(model, _provenance(model)) for model in models]
        self._settings = settings
        self._shelf = ReferenceShelf(pairs, settings.reference_memory)
        self._on_cpu = all(model.provenance.device == "cpu" for model in self._models)

    def run(self, first: int) -> Iterator[list[ScoreRow]]:
        done: dict[int, list[ScoreRow]] = {}
        place = first
        with Crew(on_cpu=self._on_cpu) as self._crew:
            for batch in self._batches(first):
                done |= self._score_batch(batch)
                while place in done:
                    yield done.pop(place)
                    place += 1
                self._shelf.advance(place)

    def _batches(self, first: int) -> Iterator[list[DecodedPair]]:
        """Pairs of one size, grouped within their chunk; a picture that cannot be read comes alone."""
        groups: dict[tuple[int, ...], list[DecodedPair]] = {}
        compares = any(model.compares for model in self._models)
        for decoded in decode_ahead(self._pairs, first, self._settings, with_references=compares):
            self._frames.update(decoded.later_frames)
            if decoded.distorted is None:
                yield [decoded]
            else:
                size = decoded.distorted.array.shape[:2]
                group = groups.setdefault(size, [])
                group.append(decoded)
                if len(group) >= self._batch_size(size):
                    yield groups.pop(size)
            waiting = sum(pair.nbytes for group in groups.values() for pair in group)
            if (decoded.place + 1) % CHUNK == 0 or waiting > self._settings.decode_memory:
                yield from groups.values()
                groups = {}
        yield from groups.values()

    def _batch_size(self, size: tuple[int, ...]) -> int:
        """Where nobody chose it, as many for each thread, so that none waits for another."""
        count = self._settings.pictures_per_batch(math.prod(size), "cpu" if self._on_cpu else "gpu")
        if self._settings.batch_size != "auto" or count == 1:
            return count
        return max(1, count // self._crew.size) * self._crew.size

    def _score_batch(self, batch: list[DecodedPair]) -> dict[int, list[ScoreRow]]:
        rows: dict[int, list[ScoreRow]] = {pair.place: [] for pair in batch}
        for model in self._models:
            obstacles = [self._obstacle(pair, model) for pair in batch]
            for pair, obstacle in zip(batch, obstacles, strict=True):
                if obstacle is not None:
                    rows[pair.place].append(model.failed(pair, obstacle))
            able = [pair for pair, obstacle in zip(batch, obstacles, strict=True) if obstacle is None]
            for part in self._parts(able, model):
                for pair, row in zip(part, self._score_part(part, model), strict=True):
                    rows[pair.place].append(row)
        return rows

    def _parts(self, batch: list[DecodedPair], model: _Model) -> list[list[DecodedPair]]:
        """The batch, pairs whose references are kept first, split from the others; and by depth where it counts."""
        parts: dict[tuple[bool, PairDepth | None], list[DecodedPair]] = {}
        reads_depth = isinstance(model.model, ReadsDepth)
        for pair in sorted(batch, key=lambda pair: not self._keeps_reference(pair, model)):
            kind = self._keeps_reference(pair, model), pair.depth if reads_depth else None
            parts.setdefault(kind, []).append(pair)
        return list(parts.values())

    def _keeps_reference(self, pair: DecodedPair, model: _Model) -> bool:
        if pair.pair.reference is None or not isinstance(model.model, SharesReferences):
            return False
        fits = model.model.features_nbytes(*_size(pair)) <= self._settings.reference_memory
        return fits and self._shelf.is_shared(pair.pair.reference.key)

    def _score_part(self, part: list[DecodedPair], model: _Model) -> list[ScoreRow]:
        """Rows of a part; if it fails, each pair has its own attempt, so that one cannot fail another."""
        values, error = self._attempt(part, model)
        if error is None:
            return [model.scored(pair, _at(index, values)) for index, pair in enumerate(part)]
        if len(part) == 1:
            return [model.failed(part[0], error)]
        return [row for pair in part for row in self._score_part([pair], model)]

    def _obstacle(self, pair: DecodedPair, model: _Model) -> Exception | None:
        """Why this model cannot even try."""
        if pair.error is None and model.compares and pair.pair.reference is None:
            return InputError(f"Expected a reference, because {model.name} compares with one, got none.")
        error = pair.error or (pair.reference_error if model.compares else None)
        if error is None and self._settings.strict:
            for name, depth in pair.shallow(compares=model.compares):
                return InputError(
                    f"Expected all bits of {name}, got {depth}. Save it as a 16-bit PNG or TIFF in sRGB, or leave "
                    "out strict."
                )
        return error

    def _attempt(self, part: list[DecodedPair], model: _Model) -> tuple[Terms, Exception | None]:
        """Terms of a part, or the fault of its pictures; a fault of the model itself is raised."""
        try:
            return self._terms(part, model), None
        except (AcutanceError, MemoryError) as error:
            return {}, error
        except RuntimeError as error:
            if not _is_shortage(error):
                raise
            height, width = _size(part[0])
            return {}, InputError(
                f"Expected enough memory for pictures of {width} x {height} pixels, got: {error}. Score smaller ones."
            )

    def _terms(self, part: list[DecodedPair], model: _Model) -> Terms:
        """Terms of a part whose references are all kept, or none; each thread takes a share of it."""
        sharing = model.model
        if isinstance(sharing, SharesReferences) and self._keeps_reference(part[0], model):
            features = self._features(part, model, sharing)

            def compute(share: Sequence[DecodedPair]) -> Terms:
                kept = [features[_reference_key(pair)] for pair in share]
                return _numbers(sharing.terms_against(self._batch([pair.distorted for pair in share], model), kept))
        else:

            def compute(share: Sequence[DecodedPair]) -> Terms:
                distorted = self._batch([pair.distorted for pair in share], model)
                if not model.compares:
                    return _numbers(model.model.terms(distorted))
                reference = self._batch([pair.reference for pair in share], model)
                if isinstance(model.model, ReadsDepth):
                    return _numbers(model.model.terms_at_depth(distorted, reference, share[0].depth))
                return _numbers(model.model.terms(distorted, reference))

        shares = self._crew.run(compute, self._crew.shares(part))
        return {name: [number for share in shares for number in share[name]] for name in shares[0]}

    def _features(self, part: list[DecodedPair], model: _Model, sharing: SharesReferences[Any]) -> dict[str, Any]:
        """What the model keeps of each reference of a part, by the reference."""
        features: dict[str, Any] = {}
        for pair in part:
            key, nbytes = _reference_key(pair), sharing.features_nbytes(*_size(pair))
            if key not in features:
                encode = partial(self._encode, pair, model, sharing)
                features[key] = self._shelf.get(key, model.name, pair.place, nbytes, encode)
        return features

    def _encode(self, pair: DecodedPair, model: _Model, sharing: SharesReferences[Any]) -> Any:  # noqa: ANN401
        reference = self._batch([pair.reference], model)
        return self._crew.run(sharing.encode_reference, [reference])[0]

    def _batch(self, images: Sequence[ReadImage | None], model: _Model) -> torch.Tensor:
        arrays = [image.array for image in images if image is not None]
        return to_batch(arrays, dtype=model.dtype, device=model.provenance.device)


def _is_shortage(error: RuntimeError) -> bool:
    """Whether memory ran out, which a smaller picture mends."""
    words = ("not enough memory", "out of memory", "can't allocate")
    return isinstance(error, torch.OutOfMemoryError) or any(word in str(error).lower() for word in words)


def _reference_key(pair: DecodedPair) -> str:
    return pair.pair.reference.key if pair.pair.reference is not None else ""


def _numbers(terms: dict[str, torch.Tensor]) -> Terms:
    return {name: numbers.cpu().double().tolist() for name, numbers in terms.items()}


def _at(index: int, values: Terms) -> dict[str, float]:
    return {name: numbers[index] for name, numbers in values.items()}


def _size(pair: DecodedPair) -> tuple[int, int]:
    height, width = pair.distorted.array.shape[:2] if pair.distorted is not None else (0, 0)
    return height, width


def _provenance(model: QualityModel) -> ModelProvenance:
    if model.provenance is None:
        raise TypeError("a model to score with comes from acutance.load")
    if not model.is_as_loaded():
        raise ConfigError(
            f"Expected {model.provenance.model} as acutance.load gave it, got one whose weights, type or device were "
            "changed: its provenance would be wrong. Load it as you want it, or call the model itself."
        )
    if model.takes_normalized:
        raise ConfigError(
            f"Expected {model.provenance.model} for pictures, got normalized=true, which is for tensors that were "
            "normalised before. Leave normalized out, or call the loaded model itself."
        )
    return model.provenance
