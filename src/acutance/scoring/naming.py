"""Rules for matching file names: the one that a caller gives, and one that would fit the names there are."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from os.path import commonprefix
from pathlib import PurePosixPath

from acutance.errors import ConfigError

SAMPLE = 200
"""Names of a folder that are looked at to find what others lack."""
MOST_AFFIXES = 6
"""Different endings, or beginnings, that a proposed expression spells out."""
NUMBERS_FROM = 4
"""With so many of them, numbers inside are any numbers: ``_q10`` and ``_q20`` become ``_q\\d+``."""


@dataclass(frozen=True)
class Proposal:
    """A rule by which more names would meet."""

    pair_by: str
    count: int
    """How many would."""
    total: int
    """How many there are."""

    def __str__(self) -> str:
        return f"{self.count} of {self.total} would meet by pair_by={self.pair_by!r}."


def naming_rule(pair_by: str) -> Callable[[str], str | None]:
    """The key by which two images meet, of the path of each below its folder; ``None`` if an expression finds none.

    ``pair_by`` is that of ``pair_up``.

    Raises:
        ConfigError: A regular expression that is none, or without exactly one group.

    Example:
        >>> naming_rule("stem")("night/a.png"), naming_rule("^([a-z]+)")("astronaut_jpeg10.png")
        ('a', 'astronaut')
    """
    if pair_by == "path":
        return lambda relative: relative
    if pair_by == "stem":
        return _stem
    try:
        pattern = re.compile(pair_by)
    except re.error as error:
        raise ConfigError(f"pair_by={pair_by!r} is no regular expression ({error}), nor path or stem.") from error
    if pattern.groups != 1:
        raise ConfigError(
            f"pair_by={pair_by!r} has {pattern.groups} groups, not one. Put what images and references share in one "
            "pair of parentheses."
        )

    def group(relative: str) -> str | None:
        found = pattern.search(relative)
        return found.group(1) if found else None

    return group


def propose_rule(folders: Sequence[Sequence[str]], *, matched: int, first_repeats: bool = False) -> Proposal | None:
    """The rule by which more names would meet than by the present one.

    ``path`` and ``stem`` are proposed if they match more. A regular expression is proposed only where nothing meets by
    the present rule nor by these two, and if it makes more than half of the names meet.

    Args:
        folders: Paths of the images below each folder.
        first_repeats: Whether several names of the first folder may meet one of the others, as several images have
            one reference. Elsewhere two names that the rule cannot tell apart rule it out.

    Example:
        >>> propose_rule([["cat_x4.png", "dog_x4.png"], ["cat.png", "dog.png"]], matched=0)
        Proposal(pair_by='^([^_.]+)', count=2, total=2)
    """
    total = len(folders[0]) if first_repeats else min(map(len, folders))
    plain = [Proposal(rule, _count(rule, folders, first_repeats), total) for rule in ("path", "stem")]
    best = max(plain, key=lambda one: one.count)
    if best.count > matched:
        return best
    if matched or best.count:
        return None
    found: Proposal | None = None
    for expression in _expressions(folders):
        count = _count(expression, folders, first_repeats)
        if 2 * count > total and (found is None or count > found.count):
            found = Proposal(expression, count, total)
        if found is not None and found.count == total:
            break
    return found


def _count(rule: str, folders: Sequence[Sequence[str]], first_repeats: bool) -> int:  # noqa: FBT001
    """How many names meet: those of the first folder, or what all folders share; 0 where names cannot be told apart."""
    key = naming_rule(rule)
    keys = [[found for name in names if (found := key(name)) is not None] for names in folders]
    if any(len(set(one)) < len(one) for one in keys[first_repeats:]):
        return 0
    shared = set.intersection(*map(set, keys))
    if len(shared) == 1 and min(map(len, folders)) > 1:
        return 0  # an expression that takes everything for one thing
    return sum(one in shared for one in keys[0]) if first_repeats else len(shared)


def _expressions(folders: Sequence[Sequence[str]]) -> Iterator[str]:
    """Regular expressions to try, short ones first."""
    nested = any("/" in name for names in folders for name in names)
    for mark in ("_", "-", " ", ""):
        yield rf"([^{mark}./]+)[^/]*$" if nested else rf"^([^{mark}.]+)"
    befores, afters = _affixes(folders)
    both = _optional(befores), _optional(afters)
    for before, after in dict.fromkeys([("", both[1]), (both[0], ""), both]):
        if nested and not before:
            yield rf"^(.+?){after}\.[^./]+$"
        yield rf"(?:^|/){before}([^/]+?){after}\.[^./]+$" if nested else rf"^{before}(.+?){after}\.[^.]+$"
    for number in (r"(?:^|/)[^\d/]*(\d+)[^/]*$" if nested else r"^\D*(\d+)", r"(\d+)[^\d/]*\.[^./]+$"):
        # a number that repeats is a scale or a quality, not the number of an image
        if all(len(set(map(naming_rule(number), names))) == len(names) for names in folders):
            yield number


def _affixes(folders: Sequence[Sequence[str]]) -> tuple[set[str], set[str]]:
    """What names begin and end with beside what they share with those of another folder."""
    stems = [list(dict.fromkeys(map(_stem, names)))[:SAMPLE] for names in folders]
    known = [set(map(_stem, names)) for names in folders]
    befores, afters = set[str](), set[str]()
    for names in stems:
        before, after = _in_common(names)
        befores.add(before)
        afters.add(after)
    for (own, names), (other, theirs) in product(enumerate(stems), enumerate(known)):
        if own != other:
            for name in names:
                begin, end = _inside(name, theirs)
                befores.add(name[:begin])
                afters.add(name[end:])
    return befores - {""}, afters - {""}


def _in_common(names: Sequence[str]) -> tuple[str, str]:
    """What all names begin and end with, up to where one word ends in all of them."""
    if len(names) < 2:
        return "", ""
    start, rest = commonprefix(list(names)), commonprefix([name[::-1] for name in names])  # noqa: RUF071 (characters)
    begins = [at for at in range(len(start), 0, -1) if all(at < len(name) and _parts(name, at) for name in names)]
    ends = [at for at in range(len(rest), 0, -1) if all(at < len(name) and _parts(name, -at) for name in names)]
    return start[: begins[0]] if begins else "", rest[: ends[0]][::-1] if ends else ""


def _inside(name: str, theirs: set[str]) -> tuple[int, int]:
    """Where the longest of their names stands in a name as whole words; all of the name if none does."""
    places = [at for at in range(len(name) + 1) if at in (0, len(name)) or _parts(name, at)]
    spans = [(begin, end) for begin in places for end in places if begin < end and name[begin:end] in theirs]
    return max(spans, key=lambda span: span[1] - span[0], default=(0, len(name)))


def _parts(name: str, at: int) -> bool:
    """Whether one word ends and another begins there: letters, digits, signs, or a capital after small letters."""
    (before, _), (after, after_is_capital) = [
        (char.isalpha() + 2 * char.isdigit(), char.isupper()) for char in (name[at - 1], name[at])
    ]
    return before != after or (after_is_capital and name[at - 1].islower())


def _optional(affixes: set[str]) -> str:
    """An expression that matches one of them or nothing; empty for too many."""
    texts = {re.sub(r"\\([- ])", r"\1", re.escape(affix)) for affix in affixes}
    if len(texts) >= NUMBERS_FROM:
        texts = {re.sub(r"\d+", r"\\d+", text) for text in texts}
    if not texts or len(texts) > MOST_AFFIXES:
        return ""
    return f"(?:{'|'.join(sorted(texts, key=lambda text: (-len(text), text)))})?"


def _stem(relative: str) -> str:
    return PurePosixPath(relative).stem
