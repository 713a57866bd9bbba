"""A comparison of methods as files: ``comparison.json`` with everything, and tables in CSV."""

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from acutance.comparison.order import PREFERENCES
from acutance.comparison.results import Comparison, Strength
from acutance.errors import ConfigError, EvaluationError
from acutance.evaluation.results import Interval
from acutance.tables.atomic import atomic_write
from acutance.tables.read import read_json_object
from acutance.tables.strict_json import WORDS, json_text
from acutance.tables.write import csv_line

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
