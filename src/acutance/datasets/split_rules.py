"""How many scenes train, validate and test, by the rules of published protocols."""

from dataclasses import dataclass
from typing import Literal, get_args

from acutance.errors import ConfigError, UnknownNameError

Part = Literal["train", "validation", "test"]
Rule = Literal["rest-trains", "rest-validates", "rest-tests"]
"""Which part takes what rounding leaves: training, while the others round down; validation or test, while the
others round to the nearest whole number, halves to the even one."""
PARTS: tuple[Part, ...] = get_args(Part)
RULES: tuple[Rule, ...] = get_args(Rule)


@dataclass(frozen=True)
class Protocol:
    """How many scenes go where."""

    ratios: tuple[int, int, int]
    """Shares of training, validation and test; 0 for a part that is not there."""
    rule: Rule
    """Which part takes what rounding leaves."""


PROTOCOLS = {
    "vtamiq": Protocol((6, 2, 2), "rest-trains"),  # its random splits: 25 scenes become 15, 5, 5; 29 become 19, 5, 5
    "afine": Protocol((7, 1, 2), "rest-validates"),  # its script for DiffIQA: round(0.7 n), the last round(0.2 n)
    "hyperiqa": Protocol((8, 0, 2), "rest-tests"),  # round(0.8 n), the others test
}
"""Published protocols by name, each from the code of its authors."""


def find_protocol(protocol: str | Protocol) -> Protocol:
    """A protocol by its name; shares and a rule are given back as they are.

    Raises:
        UnknownNameError: A name nobody knows.
    """
    if isinstance(protocol, Protocol):
        return protocol
    if protocol not in PROTOCOLS:
        raise UnknownNameError("protocol", protocol, PROTOCOLS)
    return PROTOCOLS[protocol]


def part_sizes(count: int, protocol: Protocol) -> tuple[int, int, int]:
    """How many scenes train, validate and test.

    Args:
        count: Number of scenes.
        protocol: Shares and rule.

    Raises:
        ConfigError: Shares that are none, or too few scenes to give every part one.

    Example:
        >>> part_sizes(29, PROTOCOLS["vtamiq"])
        (19, 5, 5)
    """
    ratios, rule = protocol.ratios, protocol.rule
    if min(ratios) < 0 or ratios[0] == 0 or sum(ratios) == ratios[0]:
        shown = ":".join(map(str, ratios))
        raise ConfigError(f"Expected shares such as 6:2:2, with training and another part, got {shown}. Change them.")
    if rule == "rest-trains":
        sizes = [count * ratio // sum(ratios) for ratio in ratios]
    else:
        sizes = [round(ratio / sum(ratios) * count) for ratio in ratios]
    rest = RULES.index(rule)
    sizes[rest] += count - sum(sizes)
    if any((size > 0) != (ratio > 0) for size, ratio in zip(sizes, ratios, strict=True)):
        shown = ":".join(map(str, ratios))
        raise ConfigError(f"Expected enough scenes for {shown}, got {count}. Take another protocol or more scenes.")
    return sizes[0], sizes[1], sizes[2]


def parse_ratios(text: str) -> tuple[int, int, int]:
    """Shares from a text: ``6:2:2``, or ``8:2`` for training and test.

    Raises:
        ConfigError: Another text.

    Example:
        >>> parse_ratios("8:2")
        (8, 0, 2)
    """
    parts = text.split(":")
    if len(parts) not in (2, 3) or not all(part.isdecimal() for part in parts):
        raise ConfigError(f"Expected shares such as 6:2:2 or 8:2, got {text!r}. Write whole numbers with colons.")
    shares = [int(part) for part in parts]
    return shares[0], shares[1] if len(shares) == len(PARTS) else 0, shares[-1]
