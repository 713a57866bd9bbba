"""Splits of a dataset by scene into training, validation and test, by the rules of published protocols."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import Strict

from acutance.datasets.leaks import demand_separate, scene_of
from acutance.datasets.split_rules import PARTS, Part, Protocol, find_protocol, part_sizes
from acutance.datasets.table import OpinionTable
from acutance.errors import ConfigError, DatasetError


@dataclass(frozen=True, kw_only=True)
class Split:
    """Which scenes of a dataset are for what."""

    dataset: str
    """Name of the dataset."""
    train: tuple[str, ...]
    validation: tuple[str, ...]
    test: tuple[str, ...]
    ratios: tuple[int, int, int] | None = None
    """Shares of the three parts; ``None`` for a split that was published scene by scene."""
    rule: str
    """Which part took what rounding left, or who published the split."""
    seed: Annotated[int | None, Strict()] = None
    """Seed of the order of scenes; ``None`` where there was none."""
    scenes_sha256: str
    """Checksum of all scenes of the dataset."""

    def scenes(self, part: Part) -> tuple[str, ...]:
        """The scenes of one part."""
        return {"train": self.train, "validation": self.validation, "test": self.test}[part]

    def parts(self) -> dict[str, Part]:
        """The part of every scene.

        Raises:
            DatasetError: A scene in two parts, or twice in one.
        """
        found: dict[str, Part] = {}
        for part in PARTS:
            for scene in self.scenes(part):
                if scene in found:
                    raise DatasetError(
                        f"Expected every scene of {self.dataset} in one part of the split, got {scene!r} in "
                        f"{found[scene]!r} and in {part!r}: a leak. Split again."
                    )
                found[scene] = part
        return found


def scenes_of(table: OpinionTable, *, compare_contents: bool = False) -> list[str]:
    """All scenes of a table, sorted by name without regard to case.

    Args:
        table: Table of a dataset.
        compare_contents: Also find copies of a file in another scene under another name, by reading files.

    Raises:
        DatasetError: A table without rows, or one in which two scenes share a file.
    """
    if not len(table):
        raise DatasetError(f"Expected rows in the table of {table.name}, got none. Read the dataset again.")
    sides = [scene_of(row) for row in table]
    demand_separate(table, sides, kind="scene", compare_contents=compare_contents)
    return sorted(set(sides), key=lambda scene: (scene.casefold(), scene))


def checksum(scenes: Iterable[str]) -> str:
    """The sha256 of a set of scenes, in hexadecimal digits."""
    names = "\n".join(sorted(set(scenes))).encode("utf-8", "surrogatepass")  # file names may be other bytes
    return hashlib.sha256(names).hexdigest()


def split_table(table: OpinionTable, protocol: str | Protocol, *, seed: int = 0) -> Split:
    """Split the scenes of a table at random.

    Args:
        table: Table of a dataset.
        protocol: Name of a published protocol, or shares and a rule.
        seed: From 0 to 2**32 - 1. The same seed and scenes give the same split, whatever the order of rows.

    Raises:
        UnknownNameError: A protocol nobody knows.
        ConfigError: Too few scenes, or a seed out of range.
        DatasetError: Two scenes that share a file.
    """
    return _split(table.name, scenes_of(table), find_protocol(protocol), seed)


def repeated_splits(table: OpinionTable, protocol: str | Protocol, *, count: int, seed: int = 0) -> list[Split]:
    """Several random splits, each with a seed of its own; a longer list begins with the shorter one.

    Args:
        table: Table of a dataset.
        protocol: Name of a published protocol, or shares and a rule.
        count: How many, at least 1.
        seed: Seed that all others come from, from 0 to 2**32 - 1.

    Raises:
        ConfigError: A count below 1, or as in ``split_table``.
    """
    if count < 1:
        raise ConfigError(f"Expected at least 1 split, got {count}. Ask for more.")
    _random_state(seed)
    words = np.random.SeedSequence(seed).generate_state(2 * count + 8)  # some may be equal
    seeds = list(dict.fromkeys(int(word) for word in words))[:count]
    scenes, chosen = scenes_of(table), find_protocol(protocol)
    return [_split(table.name, scenes, chosen, one) for one in seeds]


def rows_of(table: OpinionTable, split: Split, part: Part) -> OpinionTable:
    """The rows of a table whose scenes are in one part of a split."""
    scenes = set(split.scenes(part))
    return OpinionTable([row for row in table if scene_of(row) in scenes], table.root, table.name)


def part_of_table(table: OpinionTable, split: Split | None, part: Part) -> OpinionTable:
    """The rows of one part, by a split or else by the table's own column.

    Args:
        table: Table of a dataset.
        split: Without it the column ``split`` decides; a table in which it is empty is taken whole.
        part: Which part.

    Raises:
        DatasetError: A leak between the parts of the column.
    """
    if split is not None:
        return rows_of(table, split, part)
    sides = [row.split for row in table if row.split]
    if not sides:
        return table
    demand_separate(OpinionTable([row for row in table if row.split], table.root, table.name), sides)
    return OpinionTable([row for row in table if row.split == part], table.root, table.name)


def check_split(split: Split, table: OpinionTable, *, compare_contents: bool = False) -> None:
    """Raise unless every scene of the table is in one part, and nothing stands in two.

    Args:
        split: The split.
        table: The table it is for.
        compare_contents: Also find copies of a file under other names, by reading files.

    Raises:
        DatasetError: A leak, a scene in no part, or one the table has not.
    """
    parts = split.parts()
    scenes = {scene_of(row) for row in table}
    cure = "Take the split of this table, or split again."
    for missing in sorted(scenes - set(parts))[:1]:
        raise DatasetError(f"Expected every scene of {table.name} in the split, got none for {missing!r}. {cure}")
    for unknown in sorted(set(parts) - scenes)[:1]:
        raise DatasetError(f"Expected only scenes of {table.name} in the split, got {unknown!r}. {cure}")
    demand_separate(table, [parts[scene_of(row)] for row in table], compare_contents=compare_contents)


def _split(dataset: str, scenes: list[str], protocol: Protocol, seed: int) -> Split:
    train, validation, _ = part_sizes(len(scenes), protocol)
    shuffled = [scenes[index] for index in _random_state(seed).permutation(len(scenes))]
    return Split(
        dataset=dataset,
        train=tuple(sorted(shuffled[:train])),
        validation=tuple(sorted(shuffled[train : train + validation])),
        test=tuple(sorted(shuffled[train + validation :])),
        ratios=protocol.ratios,
        rule=protocol.rule,
        seed=seed,
        scenes_sha256=checksum(scenes),
    )


def _random_state(seed: int) -> np.random.RandomState:
    """A generator whose numbers no later numpy changes (NEP 19)."""
    if not 0 <= seed < 2**32:
        raise ConfigError(f"Expected a seed from 0 to 2**32 - 1, got {seed}. Choose another.")
    return np.random.RandomState(seed)
