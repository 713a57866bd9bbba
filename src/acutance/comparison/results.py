"""What a comparison of methods gives, in fields that are written as JSON and read again."""

from pydantic import Field

from acutance.evaluation.results import Frozen, Interval
from acutance.types import Better


class MethodScores(Frozen):
    """One method by one model."""

    method: str
    model: str
    count: int
    """Pictures that every method has a score for: what all numbers below are of."""
    failed: int
    """Pictures of this method without a score."""
    mean: float | None
    """Infinite if a score is; ``None`` without scores, or with infinite ones of both signs."""
    interval: Interval | None
    """Of the mean of the finite scores, by bootstrap over their pictures."""
    median: float | None
    wins: int
    """Pictures on which no method is better, and not all are equal."""
    worst: list[str] = Field(default_factory=list)
    """Pictures on which it does worst beside the other methods, the worst first."""
    finite_mean: float | None = None
    """Mean of the scores that are finite: the mean itself where all are."""
    finite_count: int | None = None
    """How many are; ``None`` in files of 0.1, whose means took the best finite score for an infinite one."""

    @property
    def is_mixed(self) -> bool:
        """Whether some scores are finite and others not, so that the finite ones have a mean of their own."""
        return self.finite_count not in (None, 0, self.count)


class MethodTest(Frozen):
    """Two methods by one model."""

    model: str
    first: str
    second: str
    difference: float | None
    """Mean score of the first minus that of the second, over the same pictures; equal infinite scores differ by 0.

    Infinite if a difference is; ``None`` without pictures, or with infinite ones of both signs.
    """
    interval: Interval | None
    """Of the mean of the finite differences."""
    first_wins: int
    ties: int
    second_wins: int
    p_value: float
    """Wilcoxon's signed-rank test, two-sided, uncorrected."""
    p_corrected: float
    """After Holm's correction over the pairs of methods of one model."""
    winner: str = ""
    """The method that is significantly better at 0.05 after correction; empty if none."""
    finite_difference: float | None = None
    """Mean of the differences that are finite."""
    finite_count: int | None = None
    """How many are; ``None`` in files of 0.1."""

    @property
    def is_mixed(self) -> bool:
        """Whether some differences are finite and others not."""
        return self.finite_count not in (None, 0, self.first_wins + self.ties + self.second_wins)


class Strength(Frozen):
    """A place in a Bradley-Terry order."""

    name: str
    strength: float
    """Logarithm of the odds against the average; 0 on average."""
    interval: Interval | None


class Disagreement(Frozen):
    """A picture on which models order the methods differently."""

    picture: str
    first_model: str
    second_model: str
    agreement: float
    """Kendall's tau-b of the two orders of the methods, -1 to 1; -1 is the reverse order."""


class PictureScores(Frozen):
    """One picture by every method and model."""

    picture: str
    """The name that methods share."""
    reference: str | None
    """Path of the reference, as it was named."""
    images: dict[str, str]
    """Path of each method's picture, as it was named."""
    scores: dict[str, dict[str, float | None]]
    """Score by model, then method; ``None`` where it failed."""
    errors: dict[str, dict[str, str]] = Field(default_factory=dict)
    """What went wrong, by model, then method."""


class Comparison(Frozen):
    """All of ``acutance compare``."""

    compare_time: str
    """``YYYY-MM-DD HH:MM:SS``."""
    methods: list[str]
    models: list[str]
    better: dict[str, Better]
    """Which direction is better, by model."""
    results: list[MethodScores] = Field(default_factory=list)
    tests: list[MethodTest] = Field(default_factory=list)
    orders: dict[str, list[Strength]] = Field(default_factory=dict)
    """Bradley-Terry order of the methods by model; or by ``preferences`` where people's are given."""
    disagreements: list[Disagreement] = Field(default_factory=list)
    root: str = ""
    """Folder that paths of pictures start from unless they are absolute, itself absolute."""
    pictures: list[PictureScores] = Field(default_factory=list)
    notes: list[str] = Field(default_factory=list)
    """What a reader should know of the numbers, a line each."""
    left_out: list[str] = Field(default_factory=list)
    """Pictures that are not compared because a method or the reference is missing."""
    provenance: dict[str, object] = Field(default_factory=dict)
