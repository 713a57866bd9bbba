"""References kept as long as later pairs need them, within a budget of memory."""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import Any

from acutance.scoring.pairing import Pair

NEVER = 1 << 62
"""Place of a use that does not come."""


class ReferenceShelf:
    """What was computed of references, thrown away when the plan has no more use for it.

    The plan is known, so the one whose next use is farthest away goes first: no order of pairs can make
    this worse than forgetting.

    Args:
        pairs: The whole plan.
        budget: Bytes the shelf may hold.
    """

    def __init__(self, pairs: Sequence[Pair], budget: int) -> None:
        self.budget = budget
        self.held = 0
        self._places: dict[str, list[int]] = {}
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
        if (key, what) in self._kept:
            return self._kept[key, what][0]
        made = make()
        self._drop_finished(place)
        next_use = self._next_use(key, place + 1)
        if next_use != NEVER and self._make_room(nbytes, next_use, place):
            self._kept[key, what] = (made, nbytes)
            self.held += nbytes
        return made

    def _drop_finished(self, place: int) -> None:
        for key, what in list(self._kept):
            if self._next_use(key, place) == NEVER:
                self._drop(key, what)

    def _make_room(self, nbytes: int, next_use: int, place: int) -> bool:
        """Whether there is room now; only what is needed later than ``next_use`` makes way."""
        while self.held + nbytes > self.budget:
            if not self._kept:
                return False
            (key, what), farthest = max(
                ((kept, self._next_use(kept[0], place)) for kept in self._kept), key=lambda item: item[1]
            )
            if farthest <= next_use:
                return False
            self._drop(key, what)
        return True

    def _next_use(self, key: str, place: int) -> int:
        """First place from ``place`` on that uses the reference."""
        places = self._places[key]
        index = bisect_left(places, place)
        return places[index] if index < len(places) else NEVER

    def _drop(self, key: str, what: str) -> None:
        self.held -= self._kept.pop((key, what))[1]
