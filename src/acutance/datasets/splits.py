"""Splits of a dataset by scene into training, validation and test, by the rules of published protocols."""

import hashlib
import json
import os
import posixpath
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Annotated, Literal, get_args

import numpy as np
from pydantic import Strict

from acutance.datasets.table import OpinionTable, RatedImage
from acutance.errors import ConfigError, DatasetError, UnknownNameError
from acutance.tables.atomic import write_text
from acutance.tables.read import parser, read_json_object

Part = Literal["train", "validation", "test"]
PARTS: tuple[Part, ...] = get_args(Part)
Rule = Literal["rest-trains", "rest-validates", "rest-tests"]
"""Which part takes what rounding leaves: training, while the others round down; validation or test, while the
others round to the nearest whole number, halves to the even one."""
RULES: tuple[Rule, ...] = get_args(Rule)
CURE = "Make it again with: acutance data split."


@dataclass(frozen=True)
class Protocol:
    """Sizes of the parts of a split."""

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
VTAMIQ = {
    "tid2008": (15, 20, 25),
    "tid2013": (15, 20, 25),
    "csiq": (18, 24, 30),
    "live": (17, 23, 29),
    "kadid10k": (49, 65, 81),
    "pipal": (160, 160, 200),
    "pieapp": (130, 135, 140),
}
"""Where training, validation and test end among the references sorted by name (its ``train_config.py``, 2024).

Two slips are put right: LIVE's last reference (28, counted from 0) belonged to no part and tests here, and PIPAL's
validation was its test and is empty here.
"""
TRAINS_WHOLE = "kadis700k"
"""VTAMIQ trains with all of it, however many references are there (it leaves out denoised images)."""


@dataclass(frozen=True, kw_only=True)
class Split:
    """Scenes of a dataset by part: training, validation and test."""

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
        """The part of every scene."""
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
    """Numbers of scenes for training, validation and test.

    Raises:
        ConfigError: Shares that are none, or too few scenes to give every part one.

    Example:
        >>> part_sizes(29, PROTOCOLS["vtamiq"])
        (19, 5, 5)
    """
    ratios, rule = protocol.ratios, protocol.rule
    shown = ":".join(map(str, ratios))
    if min(ratios) < 0 or ratios[0] == 0 or sum(ratios) == ratios[0]:
        raise ConfigError(f"Expected shares such as 6:2:2, with training and another part, got {shown}. Change them.")
    if rule == "rest-trains":
        sizes = [count * ratio // sum(ratios) for ratio in ratios]
    else:
        sizes = [round(ratio / sum(ratios) * count) for ratio in ratios]
    sizes[RULES.index(rule)] += count - sum(sizes)
    if any((size > 0) != (ratio > 0) for size, ratio in zip(sizes, ratios, strict=True)):
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


def scene_of(row: RatedImage) -> str:
    """Group that must not stand on two sides of a split: the scene, else the reference, else the image itself."""
    return row.scene or row.reference or row.image


def scenes_of(table: OpinionTable, *, compare_contents: bool = False) -> list[str]:
    """All scenes of a table, sorted by name without regard to case.

    Args:
        compare_contents: Also find copies of a file in another scene under another name, by reading files.
    """
    if not len(table):
        raise DatasetError(f"Expected rows in the table of {table.name}, got none. Read the dataset again.")
    sides = [scene_of(row) for row in table]
    require_separate(table, sides, kind="scene", compare_contents=compare_contents)
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
    """Several random splits, each with a seed that comes from this one; a longer list begins with the shorter.

    Raises:
        ConfigError: A count below 1; other errors are those of ``split_table``.
    """
    if count < 1:
        raise ConfigError(f"Expected at least 1 split, got {count}. Ask for more.")
    _random_state(seed)
    words = np.random.SeedSequence(seed).generate_state(2 * count + 8)  # some may be equal
    seeds = list(dict.fromkeys(int(word) for word in words))[:count]
    scenes, chosen = scenes_of(table), find_protocol(protocol)
    return [_split(table.name, scenes, chosen, one) for one in seeds]


def fixed_split(table: OpinionTable) -> Split:
    """The split that VTAMIQ fixed reference by reference.

    Args:
        table: The whole dataset; of PieAPP only the rows whose column ``split`` is ``train`` are split.

    Raises:
        UnknownNameError: A dataset without fixed split.
        DatasetError: Another number of references than the split is for.
    """
    if table.name not in (*VTAMIQ, TRAINS_WHOLE):
        raise UnknownNameError("dataset with a fixed split", table.name, (*VTAMIQ, TRAINS_WHOLE))
    scenes = scenes_of(table)
    if table.name == "pieapp":  # by the names of its files of labels, where ref_10_ comes before ref_1_
        trained = scenes_of(part_of_table(table, None, "train"))
        scenes = sorted(trained, key=lambda reference: f"{PurePosixPath(reference).stem}_pairwise_labels.csv")
    train, validation, test = VTAMIQ.get(table.name, (len(scenes),) * 3)
    if len(scenes) != test:
        raise DatasetError(
            f"Expected the {test} references of {table.name}, got {len(scenes)}. Take the whole dataset, or split it "
            "at random."
        )
    return Split(
        dataset=table.name,
        train=tuple(scenes[:train]),
        validation=tuple(scenes[train:validation]),
        test=tuple(scenes[validation:]),
        rule="vtamiq-fixed",
        scenes_sha256=checksum(scenes),
    )


def rows_of(table: OpinionTable, split: Split, part: Part) -> OpinionTable:
    """The rows of a table whose scenes are in one part of a split."""
    scenes = set(split.scenes(part))
    return OpinionTable([row for row in table if scene_of(row) in scenes], table.root, table.name)


def part_of_table(table: OpinionTable, split: Split | None, part: Part) -> OpinionTable:
    """The rows of one part, by a split or else by the table's own column; where that is empty, all."""
    if split is not None:
        return rows_of(table, split, part)
    sides = [row.split for row in table if row.split]
    if not sides:
        return table
    require_separate(OpinionTable([row for row in table if row.split], table.root, table.name), sides)
    return OpinionTable([row for row in table if row.split == part], table.root, table.name)


def check_split(split: Split, table: OpinionTable) -> None:
    """Raise unless every scene of the table is in one part, and nothing stands in two."""
    parts = split.parts()
    scenes = {scene_of(row) for row in table}
    cure = "Take the split of this table, or split again."
    if missing := scenes - set(parts):
        raise DatasetError(f"Expected every scene of {table.name} in the split, got none for {min(missing)!r}. {cure}")
    if unknown := set(parts) - scenes:
        raise DatasetError(f"Expected only scenes of {table.name} in the split, got {min(unknown)!r}. {cure}")
    require_separate(table, [parts[scene_of(row)] for row in table])


def write_split(path: Path, split: Split) -> None:
    """Write a split as JSON, whole or not at all."""
    split.parts()
    write_text(path, json.dumps(asdict(split), indent=1, ensure_ascii=False) + "\n")


def read_split(path: Path, table: OpinionTable | None = None) -> Split:
    """Read a split and check it.

    Args:
        path: A file of ``write_split``.
        table: The table it is for: every scene of it must be in one part, and no file in two.
    """
    split = parser(Split, cure=CURE)(read_json_object(path, "a split", CURE), f"the split {path}")
    found = checksum(split.parts())
    if found != split.scenes_sha256:
        raise DatasetError(
            f"Expected scenes with the sha256 {split.scenes_sha256} in {path}, got {found}: it was changed. {CURE}"
        )
    if table is not None:
        check_split(split, table)
    return split


def require_separate(
    table: OpinionTable, sides: Sequence[str], *, kind: str = "part", compare_contents: bool = False
) -> None:
    """Raise if an image, a reference or a scene stands on two sides.

    Two names are one thing if they are equal, if both lead to one file (links), or if they differ in case only,
    unless both files are there with different contents.

    Args:
        table: The images; files that are not there are compared by name alone.
        sides: Side of each row, such as ``train`` or the name of its scene.
        compare_contents: Find copies under other names too; reads every file whose size occurs on two sides.
    """
    seen = _Sides(table, kind)
    for row, side in zip(table, sides, strict=True):
        seen.add_scene(scene_of(row), side)
        for name in filter(None, (row.image, row.reference)):
            seen.add_file(name, side)
    if compare_contents:
        seen.compare_contents()


class _Sides:
    """What was seen so far, and on which side."""

    def __init__(self, table: OpinionTable, kind: str) -> None:
        self._table = table
        self._kind = kind
        self._scenes: dict[str, tuple[str, str]] = {}
        self._names: dict[str, tuple[str, str]] = {}
        self._links: dict[tuple[int, int], tuple[str, str]] = {}
        self._files: dict[str, str] = {}

    def add_scene(self, scene: str, side: str) -> None:
        other, other_side = self._scenes.setdefault(scene.casefold(), (scene, side))
        if other_side != side and (scene == other or not self._are_two_files(scene, other)):
            raise self._leak("scene", (other, other_side), (scene, side))

    def add_file(self, name: str, side: str) -> None:
        if name in self._files:
            if self._files[name] != side:
                raise self._leak("file", (name, self._files[name]), (name, side))
            return
        self._files[name] = side
        other, other_side = self._names.setdefault(posixpath.normpath(name).casefold(), (name, side))
        if other_side != side and not self._are_two_files(name, other):
            raise self._leak("file", (other, other_side), (name, side))
        if link := _identity(self._table.path(name)):
            other, other_side = self._links.setdefault(link, (name, side))
            if other_side != side:
                raise self._leak("file", (other, other_side), (name, side))

    def compare_contents(self) -> None:
        by_size: dict[int, list[str]] = {}
        for name in self._files:
            path = self._table.path(name)
            if path.is_file():
                by_size.setdefault(path.stat().st_size, []).append(name)
        for names in by_size.values():
            if len({self._files[name] for name in names}) > 1:
                seen: dict[bytes, str] = {}
                for name in names:
                    other = seen.setdefault(_digest(self._table.path(name)), name)
                    if self._files[other] != self._files[name]:
                        raise self._leak("file", (other, self._files[other]), (name, self._files[name]))

    def _are_two_files(self, one: str, other: str) -> bool:
        """Whether names that differ in case only are two files of different contents."""
        first, second = self._table.path(one), self._table.path(other)
        if not (first.is_file() and second.is_file()) or _identity(first) == _identity(second):
            return False
        return first.stat().st_size != second.stat().st_size or _digest(first) != _digest(second)

    def _leak(self, thing: str, one: tuple[str, str], other: tuple[str, str]) -> DatasetError:
        names = repr(one[0]) if one[0] == other[0] else f"{one[0]!r}, the same as {other[0]!r},"
        return DatasetError(
            f"Expected every {thing} of {self._table.name} in one {self._kind}, got {names} in {one[1]!r} and in "
            f"{other[1]!r}: a leak. Give its rows one scene, or split by scene again."
        )


def _identity(path: Path) -> tuple[int, int] | None:
    """What two links to one file share, where the file system tells."""
    try:
        status = os.stat(path)  # noqa: PTH116 (as quick as it gets: large datasets ask 700,000 times)
    except (OSError, ValueError):  # a name that no file can have, such as one with a zero byte
        return None
    return (status.st_dev, status.st_ino) if status.st_ino else None


def _digest(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


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
