"""JSON that every reader takes: an infinite number is ``null``, and a ``note`` beside it says so."""

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

NOTE = "note"
MAIN = ("score", "predicted")
"""Numbers that a note need not name: ``"infinite"`` alone is the first of these that is ``null``."""
WORDS = {math.inf: "infinite", -math.inf: "-infinite"}
_MARKS = frozenset('",;[]')
"""What sets a note's entries apart: names that hold one of these are quoted."""

Place = tuple[str | int, ...]
"""A name in a record, and places in the lists that stand there."""


def noted(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record whose numbers are all finite; those that were infinite are named in its note, before what that says.

    NaN becomes ``None`` too, and has no note. Lists are looked through, records inside are left.

    Example:
        >>> noted({"score": float("inf"), "part": float("-inf"), "other": 1.0})
        {'score': None, 'part': None, 'other': 1.0, 'note': 'infinite, part -infinite'}
        >>> noted({"curve": [1.0, 2.0, float("inf")]})
        {'curve': [1.0, 2.0, None], 'note': 'curve[2] infinite'}
    """
    odd = {place: value for place, value in _numbers(record, ()) if value is None or not math.isfinite(value)}
    plain = {name: _replaced(value, (name,), dict.fromkeys(odd)) for name, value in record.items()}
    main = _main(plain)
    entries = [_entry(place, WORDS[value], main) for place, value in odd.items() if value in WORDS]
    if entries:
        own = record.get(NOTE)
        plain[NOTE] = ", ".join(entries) + (f"; {own}" if own is not None else "")
    return plain


def restored(record: dict[str, Any]) -> dict[str, Any]:
    """The record as it was before ``noted``; one without a note of ours stays as it is.

    Example:
        >>> restored({"score": None, "part": None, "note": "infinite, part -infinite"})
        {'score': inf, 'part': -inf}
    """
    rest = record.get(NOTE)
    if not isinstance(rest, str):
        return record
    main = _main(record)
    entries = {
        _entry(place, word, main): (place, number)
        for place, value in _numbers(record, ())
        if value is None
        for number, word in WORDS.items()
    }
    found: dict[Place, float] = {}
    separator = ", "
    while separator == ", ":
        entry = next((one for one in entries if rest == one or rest.startswith((f"{one}, ", f"{one}; "))), None)
        if entry is None:
            break
        place, number = entries.pop(entry)
        found[place] = number
        separator, rest = rest[len(entry) :][:2], rest[len(entry) + 2 :]
    if not found:
        return record
    kept = {name: _replaced(value, (name,), found) for name, value in record.items() if name != NOTE}
    return {**kept, NOTE: rest} if separator else kept


def strict(value: object) -> object:
    """A value of mappings, lists and numbers, with every record in it ``noted``.

    Raises:
        ValueError: An infinite number that no record is around.
    """
    if isinstance(value, Mapping):
        return {name: strict(one) for name, one in noted({str(name): one for name, one in value.items()}).items()}
    if isinstance(value, list | tuple):
        return [strict(one) for one in value]
    if isinstance(value, float) and value in WORDS:
        raise ValueError(f"Expected infinite numbers only inside a record, got {value}. Give it a name.")
    return None if isinstance(value, float) and math.isnan(value) else value


def json_text(value: object, indent: int | None = None) -> str:
    """The value as JSON; ``from_json`` gives its infinities back.

    Args:
        indent: Spaces a level.

    Example:
        >>> json_text({"mean": float("inf"), "spread": float("nan")})
        '{"mean": null, "spread": null, "note": "mean infinite"}'
    """
    return json.dumps(strict(value), indent=indent, ensure_ascii=False, allow_nan=False)


def from_json(text: str | bytes) -> Any:  # noqa: ANN401 (JSON)
    """The value of ``json_text``. Files of 0.1, which have 1e999 for infinity, are read too.

    Raises:
        ValueError: No JSON, or lists within lists beyond any use.

    Example:
        >>> from_json('{"mean": null, "note": "mean infinite"}'), from_json('{"mean": 1e999}')
        ({'mean': inf}, {'mean': inf})
    """
    try:
        return json.loads(text, object_hook=restored)
    except RecursionError as error:
        raise ValueError("lists or objects too deep within one another") from error


def _numbers(value: object, place: Place) -> Iterator[tuple[Place, float | None]]:
    """The numbers of a record that JSON may lack, and what is ``null``, with their places; not of records inside."""
    if value is None or isinstance(value, float):
        yield place, value
    elif isinstance(value, list | tuple):
        for index, one in enumerate(value):
            yield from _numbers(one, (*place, index))
    elif isinstance(value, Mapping) and not place:
        for name, one in value.items():
            if name != NOTE:
                yield from _numbers(one, (name,))


def _replaced(value: object, place: Place, numbers: Mapping[Place, float | None]) -> object:
    """The value of one place with these numbers in it."""
    if isinstance(value, list | tuple):
        return [_replaced(one, (*place, index), numbers) for index, one in enumerate(value)]
    return numbers.get(place, value)


def _main(record: Mapping[str, object]) -> Place:
    return next(((name,) for name in MAIN if name in record and record[name] is None), ())


def _entry(place: Place, word: str, main: Place) -> str:
    if place == main:
        return word
    name, *places = place
    shown = json.dumps(name, ensure_ascii=False) if _MARKS & set(str(name)) else name
    return f"{shown}{''.join(f'[{index}]' for index in places)} {word}"
