"""What a comparison gives, and its files: ``comparison.json`` with everything, and tables in CSV."""

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from acutance.errors import ConfigError, EvaluationError
from acutance.evaluation.results import Frozen, Interval
from acutance.tables.atomic import atomic_write
from acutance.tables.read import read_json_object
from acutance.tables.strict_json import WORDS, json_text
from acutance.tables.write import csv_line
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


PREFERENCES = "preferences"
"""Name of the order that people's preferences give, beside those of models."""
JSON_NAME, METHODS_NAME, TESTS_NAME = "comparison.json", "methods.csv", "tests.csv"
DISAGREEMENTS_NAME, PICTURES_NAME, SCORES_NAME = "disagreements.csv", "pictures.csv", "scores.csv"
WRITTEN = (JSON_NAME, METHODS_NAME, TESTS_NAME, DISAGREEMENTS_NAME, PICTURES_NAME)
"""The files of a comparison beside ``scores.csv``, which scoring writes."""

Cell = str | float | None


def write_comparison(comparison: Comparison, folder: str | Path) -> list[Path]:
    """Write a comparison, each file whole or not at all; files of an earlier one are replaced.

    Args:
        comparison: What to write.
        folder: Where; it is made.

    Returns:
        The files.

    Raises:
        ConfigError: A place that cannot be written to.

    Example:
        >>> import tempfile
        >>> empty = Comparison(compare_time="2030-01-31 12:00:00", methods=["ours"], models=[], better={})
        >>> folder = tempfile.mkdtemp()
        >>> [path.name for path in write_comparison(empty, folder)][:2]
        ['comparison.json', 'methods.csv']
        >>> read_comparison(folder) == empty
        True
    """
    tables = {
        METHODS_NAME: method_lines(comparison),
        TESTS_NAME: pair_lines(comparison),
        DISAGREEMENTS_NAME: _disagreement_lines(comparison),
        PICTURES_NAME: _picture_lines(comparison),
    }
    texts = {JSON_NAME: iter([comparison_json(comparison)])} | {
        name: map(csv_line, lines) for name, lines in tables.items()
    }
    try:
        return [_write(Path(folder) / name, lines) for name, lines in texts.items()]
    except OSError as error:
        raise ConfigError(f"Expected to write a comparison to {folder}, got: {error.strerror or error}.") from error


def read_comparison(place: str | Path) -> Comparison:
    """A comparison that was written to a file.

    Args:
        place: A folder of ``acutance compare``, or its ``comparison.json``.

    Raises:
        EvaluationError: Nothing there, or a file of something else.
    """
    path = Path(place) / JSON_NAME if Path(place).is_dir() else Path(place)
    try:
        fields = read_json_object(
            path, "a comparison", "Make one with: acutance compare.", EvaluationError, is_noted=True
        )
        for picture in fields.get("pictures", []):
            _restore_scores(picture)
        return Comparison.model_validate(fields)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "its start"
        raise EvaluationError(
            f"Expected a comparison in {path}, got at {where}: {' '.join(first['msg'].split())}. Compare again."
        ) from error
    except (TypeError, KeyError, AttributeError) as error:
        reason = " ".join(str(error).split())
        raise EvaluationError(
            f"Expected a comparison in {path}, got a damaged one: {reason}. Compare again."
        ) from error


def comparison_json(comparison: Comparison) -> str:
    """The comparison as JSON. A picture with infinite scores has ``notes`` beside them, as it has ``errors``.

    Args:
        comparison: What to write.
    """
    fields = comparison.model_dump()
    for picture in fields["pictures"]:
        _note_scores(picture)
    return json_text(fields, 1) + "\n"


def method_lines(comparison: Comparison) -> Iterator[Sequence[Cell]]:
    """The table of methods, its header first: a line for each model and method, and for each place by preferences.

    Args:
        comparison: What to write.
    """
    yield (
        "model", "better", "method", "count", "failed", "mean", "mean_low", "mean_high", "finite_mean", "finite_count",
        "median", "wins", "strength", "strength_low", "strength_high", "worst",
    )  # fmt: skip
    for one in comparison.results:
        strength = _strength(comparison.orders.get(one.model, []), one.method)
        better, worst = comparison.better[one.model], " ".join(map(_quoted, one.worst))
        mean = (one.mean, *_ends(one.interval), one.finite_mean, one.finite_count)
        numbers = (*mean, one.median, one.wins)
        yield (one.model, better, one.method, one.count, one.failed, *numbers, *strength, worst)
    for place in comparison.orders.get(PREFERENCES, []):
        strength = (place.strength, *_ends(place.interval))
        yield (PREFERENCES, "higher", place.name, *[None] * 9, *strength, None)


def pair_lines(comparison: Comparison) -> Iterator[Sequence[Cell]]:
    """The table of tests, its header first: a line for each model and two methods.

    Args:
        comparison: What to write.
    """
    yield (
        "model", "first", "second", "difference", "difference_low", "difference_high", "finite_difference",
        "finite_count", "first_wins", "ties", "second_wins", "p_value", "p_corrected", "winner",
    )  # fmt: skip
    for one in comparison.tests:
        difference = (one.difference, *_ends(one.interval), one.finite_difference, one.finite_count)
        numbers = (*difference, one.first_wins, one.ties, one.second_wins)
        yield (one.model, one.first, one.second, *numbers, one.p_value, one.p_corrected, one.winner)


def _disagreement_lines(comparison: Comparison) -> Iterator[Sequence[Cell]]:
    yield ("picture", "first_model", "second_model", "agreement")
    for one in comparison.disagreements:
        yield (one.picture, one.first_model, one.second_model, one.agreement)


def _picture_lines(comparison: Comparison) -> Iterator[Sequence[Cell]]:
    yield ("picture", "reference", "method", "image", "model", "score", "error")
    for picture in comparison.pictures:
        for method, image in picture.images.items():
            for model, scores in picture.scores.items():
                error = picture.errors.get(model, {}).get(method)
                yield (picture.picture, picture.reference, method, image, model, scores.get(method), error)


def _note_scores(picture: dict[str, Any]) -> None:
    """Put words for infinite scores into ``notes``; apart from the scores, since a method may have any name."""
    notes: dict[str, dict[str, str]] = {}
    for model, scores in picture["scores"].items():
        for method, score in scores.items():
            if score in WORDS:
                notes.setdefault(model, {})[method] = WORDS[score]
                scores[method] = None
    if notes:
        picture["notes"] = notes


def _restore_scores(picture: dict[str, Any]) -> None:
    numbers = {word: number for number, word in WORDS.items()}
    for model, words in picture.pop("notes", {}).items():
        for method, word in words.items():
            picture["scores"][model][method] = numbers[word]


def _strength(order: Sequence[Strength], method: str) -> tuple[Cell, Cell, Cell]:
    for place in order:
        if place.name == method:
            return (place.strength, *_ends(place.interval))
    return None, None, None


def _ends(interval: Interval | None) -> tuple[Cell, Cell]:
    return (None, None) if interval is None else (interval.low, interval.high)


def _quoted(name: str) -> str:
    """A name among others that spaces part."""
    return json.dumps(name, ensure_ascii=False) if set(name) & set(' "\\\n\t') else name


def _write(path: Path, lines: Iterable[str]) -> Path:
    with atomic_write(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        file.writelines(lines)
    return path
