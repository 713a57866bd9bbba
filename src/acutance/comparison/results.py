"""Results of a comparison and their files: ``comparison.json`` with everything, and tables in CSV."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from acutance.errors import ConfigError, EvaluationError
from acutance.evaluation.results import Frozen, Interval
from acutance.tables.atomic import atomic_write
from acutance.tables.read import read_json_object
from acutance.tables.strict_json import WORDS, json_text
from acutance.tables.write import csv_rows
from acutance.types import Better


class MethodScores(Frozen):
    """One method by one model."""

    method: str
    model: str
    count: int
    """Images that every method has a score for: what all numbers below are of."""
    failed: int
    """Images of this method without a score."""
    mean: float | None
    """Infinite if a score is; ``None`` without scores, or with infinite ones of both signs."""
    interval: Interval | None
    """Of the mean of the finite scores, by bootstrap over their images."""
    median: float | None
    wins: int
    """Images on which no method is better, and not all are equal."""
    worst: list[str] = Field(default_factory=list)
    """Images on which it does worst beside the other methods, the worst first."""
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
    """Mean score of the first minus that of the second, over the same images; equal infinite scores differ by 0.

    Infinite if a difference is; ``None`` without images, or with infinite ones of both signs.
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
    """An image on which models order the methods differently."""

    picture: str
    first_model: str
    second_model: str
    agreement: float
    """Kendall's tau-b of the two orders of the methods, -1 to 1; -1 is the reverse order."""


class ImageScores(Frozen):
    """One image by every method and model."""

    picture: str
    """The name that methods share."""
    reference: str | None
    """Path of the reference, as it was named."""
    images: dict[str, str]
    """Path of each method's image, as it was named."""
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
    """Folder that paths of images start from unless they are absolute, itself absolute."""
    pictures: list[ImageScores] = Field(default_factory=list)
    notes: list[str] = Field(default_factory=list)
    """What a reader should know of the numbers, a line each."""
    left_out: list[str] = Field(default_factory=list)
    """Images that are not compared because a method or the reference is missing."""
    provenance: dict[str, object] = Field(default_factory=dict)


PREFERENCES = "preferences"
"""Name of the order that people's preferences give, beside those of models."""
JSON_NAME, SCORES_NAME = "comparison.json", "scores.csv"
WRITTEN = (JSON_NAME, "methods.csv", "tests.csv", "disagreements.csv", "pictures.csv")
"""The files of a comparison beside ``scores.csv``, which scoring writes."""
METHOD_COLUMNS = (
    *("model", "better", "method", "count", "failed", "mean", "mean_low", "mean_high", "finite_mean", "finite_count"),
    *("median", "wins", "strength", "strength_low", "strength_high", "worst"),
)
TEST_COLUMNS = (
    *("model", "first", "second", "difference", "difference_low", "difference_high", "finite_difference"),
    *("finite_count", "first_wins", "ties", "second_wins", "p_value", "p_corrected", "winner"),
)
DISAGREEMENT_COLUMNS = ("picture", "first_model", "second_model", "agreement")
IMAGE_COLUMNS = ("picture", "reference", "method", "image", "model", "score", "error")

_Row = dict[str, Any]


def write_comparison(comparison: Comparison, folder: str | Path) -> list[Path]:
    """Write a comparison, each file whole or not at all; files of an earlier one are replaced.

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
    disagreements = (vars(one) for one in comparison.disagreements)
    texts: list[Iterable[str]] = [
        [comparison_json(comparison)],
        methods_csv(comparison),
        csv_rows(TEST_COLUMNS, (vars(one) | _ends("difference", one.interval) for one in comparison.tests)),
        csv_rows(DISAGREEMENT_COLUMNS, disagreements),
        csv_rows(IMAGE_COLUMNS, _image_rows(comparison)),
    ]
    paths = [Path(folder) / name for name in WRITTEN]
    try:
        for path, lines in zip(paths, texts, strict=True):
            with atomic_write(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
                file.writelines(lines)
    except OSError as error:
        raise ConfigError(
            f"The comparison cannot be written to {folder}: {error.strerror or error}. Choose another folder."
        ) from error
    return paths


def read_comparison(place: str | Path) -> Comparison:
    """A comparison that was written to a file.

    Args:
        place: A folder of ``acutance compare``, or its ``comparison.json``.

    Raises:
        EvaluationError: Nothing there, or a file of something else.
    """
    path = Path(place) / JSON_NAME if Path(place).is_dir() else Path(place)
    numbers = {word: number for number, word in WORDS.items()}
    try:
        fields = read_json_object(
            path, "a comparison", "Make one with: acutance compare.", EvaluationError, is_noted=True
        )
        for image in fields.get("pictures", []):
            for model, words in image.pop("notes", {}).items():
                image["scores"][model] |= {method: numbers[word] for method, word in words.items()}
        return Comparison.model_validate(fields)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "its start"
        raise EvaluationError(
            f"{path} holds no comparison: at {where}, {' '.join(first['msg'].split())}. Compare again."
        ) from error
    except (TypeError, KeyError, AttributeError) as error:
        raise EvaluationError(
            f"{path} holds a damaged comparison: {' '.join(str(error).split())}. Compare again."
        ) from error


def comparison_json(comparison: Comparison) -> str:
    """The comparison as JSON. An image with infinite scores has ``notes`` beside them, as it has ``errors``."""
    fields = comparison.model_dump()
    for image in fields["pictures"]:
        notes = {}  # apart from the scores, since a method may have any name
        for model, scores in image["scores"].items():
            if words := {method: WORDS[score] for method, score in scores.items() if score in WORDS}:
                notes[model] = words
                scores |= dict.fromkeys(words)
        if notes:
            image["notes"] = notes
    return json_text(fields, 1) + "\n"


def methods_csv(comparison: Comparison) -> Iterator[str]:
    """Lines of ``methods.csv``: one for each model and method, and for each place by preferences."""
    rows: list[_Row] = []
    for one in comparison.results:
        place = next((place for place in comparison.orders.get(one.model, []) if place.name == one.method), None)
        better, worst = comparison.better[one.model], " ".join(map(_quoted, one.worst))
        mean = _ends("mean", one.interval)
        rows.append({**vars(one), **mean, "better": better, "worst": worst, **_strength(place)})
    rows += [
        {"model": PREFERENCES, "better": "higher", "method": place.name, **_strength(place)}
        for place in comparison.orders.get(PREFERENCES, [])
    ]
    return csv_rows(METHOD_COLUMNS, rows)


def _image_rows(comparison: Comparison) -> Iterator[_Row]:
    for one in comparison.pictures:
        for method, image in one.images.items():
            for model, scores in one.scores.items():
                error = one.errors.get(model, {}).get(method)
                by = {"method": method, "image": image, "model": model, "score": scores.get(method), "error": error}
                yield {"picture": one.picture, "reference": one.reference, **by}


def _strength(place: Strength | None) -> _Row:
    return {} if place is None else {"strength": place.strength, **_ends("strength", place.interval)}


def _ends(name: str, interval: Interval | None) -> _Row:
    return {} if interval is None else {f"{name}_low": interval.low, f"{name}_high": interval.high}


def _quoted(name: str) -> str:
    """A name among others that spaces part."""
    return json.dumps(name, ensure_ascii=False) if set(name) & set(' "\\\n\t') else name
