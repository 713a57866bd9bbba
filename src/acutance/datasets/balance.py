"""How often A-FINE repeats each of its training lists so that no dataset drowns in another."""

from collections.abc import Mapping, Sequence

from acutance.datasets.comparisons import Triplet

MAIN = "diffiqa"
"""The dataset that is repeated until it outweighs all others together."""


def repeats(counts: Mapping[str, int], main: str = MAIN) -> dict[str, int]:
    """How often each list is repeated, by A-FINE's ``balance_dataset``.

    Every list but the main one is repeated as often as it fits, whole, into the longest of all; the main one once
    more than it fits into all the others after that. An empty list stays empty.

    Args:
        counts: Number of triplets of each dataset.
        main: Name of the main one, which may be absent.

    Example:
        >>> repeats({"diffiqa": 3, "kadid10k": 10, "tid2013": 4})
        {'diffiqa': 7, 'kadid10k': 1, 'tid2013': 2}
    """
    longest = max(counts.values(), default=0)
    times = {name: longest // count if count else 0 for name, count in counts.items()}
    if counts.get(main):
        others = sum(counts[name] * times[name] for name in counts if name != main)
        times[main] = others // counts[main] + 1
    return times


def balanced(lists: Mapping[str, Sequence[Triplet]], main: str = MAIN) -> list[Triplet]:
    """One list of all triplets, each dataset repeated as ``repeats`` says.

    Args:
        lists: Triplets of each dataset.
        main: Name of the main dataset.
    """
    times = repeats({name: len(triplets) for name, triplets in lists.items()}, main)
    return [triplet for name, triplets in lists.items() for triplet in list(triplets) * times[name]]
