"""The interface between the scoring engine and a model, whatever library computes it: arrays in, numbers out."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from acutance.images.read import ReadImage
from acutance.types import ScoreInfo


@dataclass(frozen=True, slots=True)
class Job:
    """An image to score, as arrays of (height, width, 3), and what the run knows of its reference."""

    place: int
    """Of the pair in the plan of the run."""
    distorted: ReadImage
    reference: ReadImage | None = None
    """Of the same size; ``None`` where there is none, or no model of the run compares."""
    reference_key: str = ""
    """The same for every job with this reference."""
    is_shared: bool = False
    """Whether other pairs of the plan have the same reference."""
    next_use: int | None = None
    """Place of the next pair with the same reference; ``None`` if none follows."""
    done: int = 0
    """All pairs before this place are scored."""


@runtime_checkable
class Scorer(Protocol):
    """A model as the engine sees it."""

    name: str
    info: ScoreInfo
    needs_reference: bool
    on_cpu: bool
    """Whether a CPU computes, whose caches want smaller batches."""
    parallel: int
    """How many images are computed side by side: automatic batches are a multiple of it."""

    def parts(self, batch: list[Job]) -> list[list[Job]]:
        """The batch, split into what can be scored at once; a part that fails does not harm the others."""
        ...

    def score(self, batch: list[Job]) -> list[dict[str, float]]:
        """The score and its terms by name, for each job of one part.

        Raises:
            AcutanceError: An image that cannot be scored; ``InputError`` also for lack of memory.
        """
        ...
