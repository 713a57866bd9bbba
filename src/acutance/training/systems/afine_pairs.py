"""What frozen networks say of pairs of images: at once, or kept on disk for each flip and transpose in use."""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from acutance.models.afine.heads import AdaptivePair, PairMoments, pair_moments_against
from acutance.models.torch_scorer import ComputeThreads
from acutance.training.features import FeatureFile, Rows, digest, file_mark
from acutance.training.images import ImageStore, Pixels, read_ahead
from acutance.training.systems.afine import IMAGES, VARIANTS, reporter, require_one_size, varied
from acutance.training.task import Inputs
from acutance.training.triplets import Pair, PlacedTriplet
from acutance.types import OnProgress

VERSION = 1
"""Of what rows mean; another number makes all of them anew."""
IMAGES_IN_MEMORY = 32
"""Images of one reference that are decoded together, once for all flips and transposes; more cost memory, fewer
cost an encoding of the reference each."""
IMAGES_AT_ONCE = {"cpu": 1, "cuda": 16}
"""Images that are encoded together. Each thread of a CPU encodes one after the other anyway, and alone an image has
the same row whatever its neighbours are."""
Job = tuple[int, dict[Path, int]]
"""A variant, and where the rows of images belong."""


@dataclass(frozen=True)
class FrozenNetworks:
    """Networks that do not learn, and what is wanted of them."""

    model: AdaptivePair
    """With the networks; every parameter of it is frozen, but for what the training owns."""
    describe: Callable[[AdaptivePair, PairMoments], Tensor]
    """Makes rows (images, ...) of the moments of pairs."""
    parts: tuple[str, ...]
    """The parts of the model that rows depend on."""
    shape: tuple[int, ...]
    """Of a row."""

    def __deepcopy__(self, memo: dict[int, Any]) -> "FrozenNetworks":
        """The same: an average of what learns shares what does not."""
        return self

    @torch.no_grad()
    def beside(self, images: Sequence[Tensor], reference: Tensor) -> Tensor:
        """Rows of 8-bit images beside one reference (3, H, W), in the end of the reference itself, in the model's type.

        Returns:
            Shape (images + 1, ...).
        """
        model = self.model.to(reference.device)
        dtype = next(model.parameters()).dtype
        with torch.autocast(reference.device.type, enabled=False):
            kept = list(model.levels(reference[None].to(dtype) / 255))
            rows, size = [], IMAGES_AT_ONCE[reference.device.type]
            for start in range(0, len(images), size):
                some = torch.stack(list(images[start : start + size])).to(dtype) / 255
                rows.append(self.describe(model, pair_moments_against(model.levels(some), [kept] * len(some))))
            own = self.describe(model, pair_moments_against(kept, [kept]))
        return torch.cat([*rows, own])

    def of_triplets(self, inputs: Inputs) -> dict[str, Tensor]:
        """Rows (batch, ...) of the three images of each triplet, from lists of 8-bit images (3, H, W)."""
        triplets = list(zip(*(inputs[name] for name in IMAGES), strict=True))
        with ComputeThreads(on_cpu=triplets[0][0].device.type == "cpu") as threads:
            each = threads.run(lambda triplet: self.beside(triplet[:2], triplet[2]), triplets)
        return dict(zip(IMAGES, torch.stack(each, dim=1), strict=True))

    def digest(self) -> str:
        """A checksum of all weights that rows depend on."""
        return digest(self.model.state_dict(), self.parts)


class PairFeatures:
    """Rows of every pair (image, reference) of some triplets, and of every reference beside itself, on disk.

    Args:
        fixed: Pairs that are wanted unflipped only, such as those of validation.
        augment: Whether all eight variants of the others are wanted.
    """

    def __init__(
        self,
        triplets: Sequence[PlacedTriplet],
        fixed: Iterable[Pair],
        *,
        augment: bool,
        store: ImageStore,
        folder: Path,
        networks: FrozenNetworks,
    ) -> None:
        self._places: dict[Pair, tuple[int, int]] = {}  # first place, and how many variants
        self._count = 0
        for pairs, variants in ((_whole(_pairs(triplets)), VARIANTS if augment else 1), (_whole(fixed), 1)):
            for pair in pairs:
                if pair not in self._places:
                    self._places[pair] = self._count, variants
                    self._count += variants
        self._store = store
        self._folder = folder
        self._networks = networks
        self._file: FeatureFile | None = None

    def __len__(self) -> int:
        return self._count

    def fill(self, device: torch.device, on_progress: OnProgress | None = None) -> None:
        """Compute what is missing.

        Raises:
            AcutanceError: An image that cannot be read, or of another size than its reference.
            OSError: No room on the disk.
        """
        made_from: dict[str, object] = {
            "version": VERSION,
            "weights": self._networks.digest(),
            "pictures": self._images_digest(),
        }
        self._file = FeatureFile(self._folder, (self._count, *self._networks.shape), made_from)
        missing = set(self._file.missing())
        report = reporter(self._count, on_progress)
        report(self._count - len(missing))
        with ComputeThreads(on_cpu=device.type == "cpu") as threads:
            for reference, images in self._chunks(missing):
                for places, rows in self._rows_beside(reference, images, missing, device, threads):
                    self._file.write(places, rows)
                    report(len(places))

    def row(self, image: Path, reference: Path, variant: int = 0) -> Rows:
        """The row of a pair, mapped into memory."""
        if self._file is None:
            raise ValueError("features are filled before they are read")
        return self._file.read(self._places[image, reference][0] + variant)

    def stacked(self, pairs: Iterable[Pair], device: torch.device) -> Tensor:
        """The unflipped rows of some pairs, (pairs, ...)."""
        return torch.from_numpy(np.stack([self.row(*pair) for pair in pairs])).to(device)

    def _chunks(self, missing: set[int]) -> Iterator[tuple[Path, list[Path]]]:
        """Images with missing rows beside their reference, a few at a time."""
        beside: dict[Path, list[Path]] = {}
        for (image, reference), (first, variants) in self._places.items():
            if not missing.isdisjoint(range(first, first + variants)):
                beside.setdefault(reference, []).append(image)
        for reference, images in beside.items():
            for start in range(0, len(images), IMAGES_IN_MEMORY):
                yield reference, images[start : start + IMAGES_IN_MEMORY]

    def _rows_beside(
        self, reference: Path, images: list[Path], missing: set[int], device: torch.device, threads: ComputeThreads
    ) -> Iterator[tuple[list[int], Rows]]:
        """The missing rows of some images of one reference and their places, each thread on a variant of its own."""
        decoded = dict(zip(images, read_ahead(images, self._read), strict=True))
        truth = decoded[reference] if reference in decoded else self._read(reference)
        require_one_size({str(path): pixels for path, pixels in decoded.items()}, truth)

        def rows_of(job: Job) -> tuple[list[int], Rows]:
            variant, places = job
            others = {image: place for image, place in places.items() if image != reference}
            tensors = [_tensor(decoded[image], variant, device) for image in others]
            rows = self._networks.beside(tensors, _tensor(truth, variant, device)).float().cpu().numpy()
            wanted = [*others.values(), *(places[image] for image in places if image == reference)]
            return wanted, rows[: len(wanted)]

        jobs = [(variant, self._wanted(reference, images, variant, missing)) for variant in range(VARIANTS)]
        jobs = [(variant, places) for variant, places in jobs if places]
        if len(jobs) < threads.size:
            jobs = [
                (variant, dict(share)) for variant, places in jobs for share in threads.shares(list(places.items()))
            ]
        for start in range(0, len(jobs), threads.size):
            yield from threads.run(rows_of, jobs[start : start + threads.size])

    def _wanted(self, reference: Path, images: list[Path], variant: int, missing: set[int]) -> dict[Path, int]:
        """Where the missing rows of a variant of some images belong."""
        places = {}
        for image in images:
            first, variants = self._places[image, reference]
            if variant < variants and first + variant in missing:
                places[image] = first + variant
        return places

    def _read(self, path: Path) -> Pixels:
        return np.asarray(self._store.read(path))

    def _images_digest(self) -> str:
        """A checksum of which rows there are, and of the sizes and times of the images they are made of."""
        known: dict[Path, object] = {}
        whole = hashlib.sha256()
        for pair, (first, variants) in self._places.items():
            for path in pair:
                if path not in known:
                    known[path] = file_mark(path)
            told = json.dumps([*(known[path] for path in pair), first, variants])
            whole.update(told.encode())
        return whole.hexdigest()


def _tensor(pixels: Pixels, variant: int, device: torch.device) -> Tensor:
    return torch.from_numpy(varied(pixels, variant)).permute(2, 0, 1).to(device)


def _pairs(triplets: Iterable[PlacedTriplet]) -> Iterator[Pair]:
    for triplet in triplets:
        yield from triplet.pairs()


def _whole(pairs: Iterable[Pair]) -> Iterator[Pair]:
    """The same, and every reference beside itself."""
    for image, reference in pairs:
        yield image, reference
        yield reference, reference
