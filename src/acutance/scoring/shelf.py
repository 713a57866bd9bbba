"""References kept as long as later pairs need them, within a budget of memory."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from acutance.scoring.pairing import Pair

NEVER = 1 << 62
"""Place of a use that does not come."""


class ReferenceShelf:
    """What was computed of references, thrown away when the plan has no more use for it.

    The plan is known, so the one whose next use is farthest away goes first: no order of pairs can make
    this worse than forgetting. Pairs may come a little out of order, as batches of one size do.

    Args:
        pairs: The whole plan.
        budget: Bytes the shelf may hold.
    """

    def __init__(self, pairs: Sequence[Pair], budget: int) -> None:
        self.budget = budget
        self.held = 0
        self._floor = 0
        self._places: dict[str, list[int]] = {}
        self._used: dict[tuple[str, str], set[int]] = defaultdict(set)
        self._kept: dict[tuple[str, str], tuple[Any, int]] = {}
        for place, pair in enumerate(pairs):
            if pair.reference is not None:
                self._places.setdefault(pair.reference.key, []).append(place)

    def is_shared(self, key: str) -> bool:
        """Whether more than one pair of the plan uses this reference."""
        return len(self._places[key]) > 1

    def get(self, key: str, what: str, place: int, nbytes: int, make: Callable[[], Any]) -> Any:  # noqa: ANN401
        """What is kept of a reference, made now if it is not.

        Args:
            key: The reference.
            what: Which of its things, such as the name of a model.
            place: Place in the plan of the pair that asks.
            nbytes: Memory it takes.
            make: Makes it.
        """
        name = (key, what)
        self._used[name].add(place)
        if name in self._kept:
            value = self._kept[name][0]
            if self._next_use(name) == NEVER:
                self._drop(name)
            return value
        made = make()
        next_use = self._next_use(name)
        if next_use != NEVER and self._make_room(nbytes, next_use):
            self._kept[name] = (made, nbytes)
            self.held += nbytes
        return made

    def advance(self, place: int) -> None:
        """All pairs before this place are done: what only they needed goes."""
        self._floor = place
        for name in list(self._kept):
            if self._next_use(name) == NEVER:
                self._drop(name)
        for name in list(self._used):
            self._used[name] = {used for used in self._used[name] if used >= place}
            if not self._used[name]:
                del self._used[name]

    def _make_room(self, nbytes: int, next_use: int) -> bool:
        """Whether there is room now; only what is needed later than ``next_use`` makes way."""
        while self.held + nbytes > self.budget:
            if not self._kept:
                return False
            farthest, name = max((self._next_use(kept), kept) for kept in self._kept)
            if farthest <= next_use:
                return False
            self._drop(name)
        return True

    def _next_use(self, name: tuple[str, str]) -> int:
        """First place still to come that uses the reference."""
        places, used = self._places[name[0]], self._used.get(name, ())
        index = bisect_left(places, self._floor)
        while index < len(places) and places[index] in used:
            index += 1
        return places[index] if index < len(places) else NEVER

    def _drop(self, name: tuple[str, str]) -> None:
        self.held -= self._kept.pop(name)[1]
