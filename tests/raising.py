import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

import pytest

Raised = TypeVar("Raised", bound=BaseException)


def lacking(message: str, *values: object) -> list[str]:
    """The values that the message doesn't name as whole words, each as often as it is listed."""
    counts = Counter(str(value) for value in values)
    return [value for value, count in counts.items() if len(_whole(value).findall(message)) < count]


@contextmanager
def raises(error: type[Raised] | tuple[type[Raised], ...], *values: object) -> Iterator[pytest.ExceptionInfo[Raised]]:
    """As `pytest.raises`, for an error whose message names these values, in any order."""
    __tracebackhide__ = True
    with pytest.raises(error) as caught:
        yield caught
    message = str(caught.value)
    assert not lacking(message, *values), f"{lacking(message, *values)} not named in: {message}"


def _whole(value: str) -> re.Pattern[str]:
    """What finds the value alone: neither in a longer word, nor 5 in 0.5, nor 1 in -1."""
    assert value, "an empty value is in every message: take repr of it"
    before = r"(?<![\w-])(?<!\d[.,])" if re.match(r"[\w-]", value) else ""
    after = r"(?!\w)(?![.,]\d)" if re.search(r"\w$", value) else ""
    return re.compile(before + re.escape(value) + after)
