"""JSON that every reader takes: an infinite number is ``null``, and a ``note`` beside it says so."""

import json
import math
from collections.abc import Mapping
from typing import Any

NOTE = "note"
MAIN = ("score", "predicted")
"""Numbers that a note need not name: ``"infinite"`` alone is the score."""
WORDS = {math.inf: "infinite", -math.inf: "-infinite"}


def noted(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record whose numbers are all finite; those that were infinite are named in its note, before what that says.

    NaN becomes ``None`` too, and has no note.

    Example:
        >>> noted({"score": float("inf"), "part": float("-inf"), "other": 1.0})
        {'score': None, 'part': None, 'other': 1.0, 'note': 'infinite, part -infinite'}
    """
    odd = {name: value for name, value in record.items() if isinstance(value, float) and not math.isfinite(value)}
    plain = {**record, **dict.fromkeys(odd)}
    entries = [_entry(name, WORDS[value]) for name, value in odd.items() if value in WORDS]
    if entries:
        own = record.get(NOTE)
        plain[NOTE] = ", ".join(entries) + (f"; {own}" if own else "")
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
    entries = {
        _entry(name, word): (name, number)
        for name, value in record.items()
        if value is None
        for number, word in WORDS.items()
    }
    found = {}
    while entry := next((one for one in entries if rest == one or rest.startswith((f"{one}, ", f"{one}; "))), ""):
        name, number = entries.pop(entry)
        found[name] = number
        rest = rest[len(entry) + len(", ") :]
    if not found:
        return record
    kept = {name: value for name, value in record.items() if name != NOTE} | found
    return {**kept, NOTE: rest} if rest else kept


def strict(value: object) -> object:
    """A value of mappings, lists and numbers, with every record in it ``noted``."""
    if isinstance(value, Mapping):
        inside = {str(name): one if isinstance(one, float) else strict(one) for name, one in value.items()}
        return noted(inside)
    if isinstance(value, list | tuple):
        return [strict(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def json_text(value: object, indent: int | None = None) -> str:
    """The value as JSON; ``from_json`` gives its infinities back.

    Args:
        value: Plain values.
        indent: Spaces a level.

    Example:
        >>> json_text({"mean": float("inf"), "spread": float("nan")})
        '{"mean": null, "spread": null, "note": "mean infinite"}'
    """
    return json.dumps(strict(value), indent=indent, ensure_ascii=False, allow_nan=False)


def from_json(text: str | bytes) -> Any:  # noqa: ANN401 (JSON)
    """The value of ``json_text``. Files of 0.1, which have 1e999 for infinity, are read too.

    Raises:
        ValueError: No JSON.

    Example:
        >>> from_json('{"mean": null, "note": "mean infinite"}'), from_json('{"mean": 1e999}')
        ({'mean': inf}, {'mean': inf})
    """
    return json.loads(text, object_hook=restored)


def _entry(name: str, word: str) -> str:
    return word if name in MAIN else f"{name} {word}"
