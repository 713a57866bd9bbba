"""DiffIQA: enhanced images that may surpass their reference, and what people said of each (Chen et al. 2025)."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path, PurePosixPath
from typing import Literal, get_args

from acutance.datasets.comparisons import LOSES, TIES, WINS, Comparison, Triplet, outcome, write_comparisons
from acutance.datasets.folder import DatasetFacts, DatasetFolder
from acutance.datasets.table import RatedImage
from acutance.errors import ConfigError, DatasetError
from acutance.tables.read import read_json_object
from acutance.types import OnProgress

DIFFIQA = DatasetFacts(
    name="diffiqa",
    title="DiffIQA",
    rated=0,
    unrated=179_208,
    references=29_868,
    distortions=6,
    layout="Train/, Validation/, Test/ with images/Original/ and images/01/ to 06/; or images/ in the root",
    licence="Academic research only, commercial use: no.",
    where="https://github.com/ChrisDud0257/AFINE",
    paper="Chen, Wu, Ma, Zhang, Toward generalized image quality assessment, CVPR 2025",
    note="Three people each said whether the enhanced image is better than its reference; no scores.",
)

DIFFIQA_VERSIONS = ("01", "02", "03", "04", "05", "06")
"""Folders of enhanced versions beside ``Original``."""
DIFFIQA_SPLITS = {"Train": "train", "Validation": "validation", "Test": "test"}
PEOPLE = 3
"""How many people label a pair (A, B and C)."""
Label = Literal["Positive", "Similar", "Negative"]
"""Better than the other image, about equal, or worse."""
LABELS: tuple[Label, ...] = get_args(Label)
OUTCOMES: dict[Label, float] = {"Positive": WINS, "Similar": TIES, "Negative": LOSES}
"""Whether the enhanced image beats its reference."""
TYPES = ("PSY", "PNY", "SNY", "SSY", "PYY", "SYY", "NYY")
"""Of triplets: a letter for the first and the second, P better, S similar, N worse than the reference, which is Y."""
TEST_TYPES = ("PSY", "PNY", "PYY", "SNY", "NYY")
"""Those that A-FINE validates and tests with: the pairs of equals are left out."""


def read_diffiqa(folder: DatasetFolder) -> list[RatedImage]:
    """All enhanced images, without scores; ``distortion`` tells the version, ``01`` to ``06``.

    Images lie in ``{Train,Validation,Test}/images`` or ``images``, as ``Original/<name>.png`` and
    ``<version>/<name>_<version>.png``.
    """
    parts: dict[str, str | None] = {
        f"{place}/images": split for place, split in DIFFIQA_SPLITS.items() if folder.find(f"{place}/images/Original")
    }
    if not parts:
        folder.need("Train/images/Original", "images/Original")
        parts = {"images": None}
    return [
        row
        for place, split in parts.items()
        for name in folder.names(f"{place}/Original")
        for row in _versions(folder, place, name, split)
    ]


@dataclass(frozen=True)
class Majorities:
    """Majority labels of each enhanced image against its reference."""

    labels: dict[str, Label]
    """Label of each image, by its name without ending; sorted."""
    left_out: list[str] = field(default_factory=list)
    """Images of which three people said three things."""


def majority(labels: Sequence[Label]) -> Label | None:
    """Label of at least two of three people; ``None`` if all differ.

    Example:
        >>> majority(["Similar", "Negative", "Similar"])
        'Similar'
    """
    if len(labels) != PEOPLE:
        raise DatasetError(f"Expected {PEOPLE} labels of a pair of DiffIQA, got {len(labels)}. Give one a person.")
    label, votes = Counter(labels).most_common(1)[0]
    return label if votes > 1 else None


def read_majorities(folder: Path, *, on_progress: OnProgress | None = None) -> Majorities:
    """Read the labels of DiffIQA and take the majority of three.

    Args:
        folder: The folder ``labels`` of a part, with ``A/01/<name>_01.json`` and so on.
        on_progress: Called with how many images are done, of how many.
    """
    people = folders_in(folder, "three people", DIFFIQA)
    if len(people) != PEOPLE:
        names = ", ".join(person.name for person in people)
        raise DatasetError(
            f"Expected folders of {PEOPLE} people (A, B, C) of DiffIQA in {folder}, got {len(people)}: {names}. "
            f"Get the labels whole from {DIFFIQA.where}."
        )
    files = _shared_files(people)
    labels: dict[str, Label] = {}
    left_out: list[str] = []
    for done, file in enumerate(files, start=1):
        found = majority([read_labels(person / file, ("Picture_AI",), DIFFIQA)[0][1] for person in people])
        if found is None:
            left_out.append(Path(file).stem)
        else:
            labels[Path(file).stem] = found
        if on_progress:
            on_progress(done, len(files))
    return Majorities(labels, left_out)


def read_labels(path: Path, images: Sequence[str], dataset: DatasetFacts) -> list[tuple[str, Label]]:
    """File name, if given, and label of images in what one person said: a JSON file of DiffIQA or SRIQA-Bench.

    Args:
        images: Keys of the images, such as ``Picture_AI``.
    """
    cure = f"Get {dataset.title} whole from {dataset.where}."
    fields = read_json_object(path, f"a label of {dataset.title}", cure)
    found: list[tuple[str, Label]] = []
    for image in images:
        there = fields.get(image)
        entry = there if isinstance(there, dict) else {}
        label = entry.get("Label")
        if label not in LABELS:
            raise DatasetError(
                f"Expected Positive, Similar or Negative as {image}.Label of {dataset.title} in {path}, got {label!r}. "
                + cure
            )
        found.append((str(entry.get("Name") or ""), label))
    return found


def folders_in(folder: Path, what: str, dataset: DatasetFacts) -> list[Path]:
    """The folders in a folder, sorted; hidden ones are passed over."""
    inside = sorted(path for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []
    found = [path for path in inside if not path.name.startswith(".")]
    if not found:
        got = "none" if folder.is_dir() else "no such folder"
        raise DatasetError(
            f"Expected folders of {what} of {dataset.title} in {folder}, got {got}. "
            f"Get {dataset.title} whole from {dataset.where}."
        )
    return found


def diffiqa_triplets(labels: Mapping[str, Label]) -> list[Triplet]:
    """A-FINE's triplets, from what most people said of each enhanced image against its reference.

    For each reference: every two of its images whose order is known, which are those with different labels or
    both ``Similar``; then each image alone against the reference. The order in a pair is that of the names, so
    either may be the better one.

    Args:
        labels: Label of each enhanced image, by its name without ending: ``<reference>_<index>``.
    """
    triplets: list[Triplet] = []
    for name, members in _groups(labels).items():
        reference = f"{name}.png"
        triplets += [
            Triplet(f"{first}.png", f"{second}.png", reference, outcome(one, other), one, other)
            for (first, one), (second, other) in combinations(members, 2)
            if one != other or one == TIES
        ]
        triplets += [Triplet(f"{first}.png", reference, reference, one, one, TIES) for first, one in members]
    return triplets


def triplet_type(triplet: Triplet) -> str:
    """The type of a triplet of DiffIQA, one of ``TYPES``."""
    letters = {WINS: "P", TIES: "S", LOSES: "N"}
    first = letters[triplet.first_beats_reference]
    if triplet.second == triplet.reference:
        return first + "YY"
    found = "".join(sorted(first + letters[triplet.second_beats_reference], key="PSN".index)) + "Y"
    if found not in TYPES:
        raise DatasetError(
            f"Expected a triplet of the types {', '.join(TYPES)}, got {found} of {triplet.first} and {triplet.second}. "
            "Take triplets of DiffIQA."
        )
    return found


def by_type(pairs: Iterable[Comparison]) -> dict[str, list[Triplet]]:
    """The triplets of each type, in their order; types that do not occur are there and empty."""
    found: dict[str, list[Triplet]] = {name: [] for name in TYPES}
    for pair in pairs:
        if not isinstance(pair, Triplet):
            raise DatasetError(f"Expected triplets of DiffIQA, got a pair of {pair.first}. Only DiffIQA has types.")
        found[triplet_type(pair)].append(pair)
    return found


def write_types(folder: Path, pairs: Iterable[Comparison], *, names_only: bool = False) -> None:
    """Write DiffIQA's triplets type by type, as ``PSY.txt`` and so on in four columns.

    Files of types that are there are replaced, or removed where a type does not occur.
    """
    for path, triplets in zip(type_files(folder), by_type(pairs).values(), strict=True):
        if triplets:
            write_comparisons(path, triplets, names_only=names_only)
            continue
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise ConfigError(
                f"Expected to remove {path}, got: {error.strerror or error}. Choose another place."
            ) from error


def type_files(folder: Path) -> list[Path]:
    """The files that ``write_types`` may write or remove in a folder."""
    return [folder / f"{name}.txt" for name in TYPES]


def _versions(folder: DatasetFolder, place: str, name: str, split: str | None) -> list[RatedImage]:
    reference = folder.image(f"{place}/Original/{name}")
    stem = PurePosixPath(name).stem
    return [
        RatedImage(
            image=folder.image(f"{place}/{version}/{stem}_{version}.png"),
            reference=reference,
            distortion=version,
            split=split,
        )
        for version in DIFFIQA_VERSIONS
    ]


def _shared_files(people: Sequence[Path]) -> list[str]:
    """The label files, below the folder of each person, sorted by their names."""
    by_person = {
        person.name: {path.relative_to(person).as_posix() for path in person.glob("*/*.json")} for person in people
    }
    everything = set[str]().union(*by_person.values())
    if not everything:
        raise DatasetError(
            f"Expected labels such as {people[0] / '01' / 'NAME_01.json'} of DiffIQA, got none. "
            f"Get them whole from {DIFFIQA.where}."
        )
    for name, files in by_person.items():
        if missing := everything - files:
            raise DatasetError(
                f"Expected a label of every person of DiffIQA for {min(missing)} in {people[0].parent}, got none of "
                f"{name} ({len(missing)} missing). Get the labels whole from {DIFFIQA.where}."
            )
    return sorted(everything, key=lambda file: (Path(file).stem, file))


def _groups(labels: Mapping[str, Label]) -> dict[str, list[tuple[str, float]]]:
    """The images of each reference and their outcomes, all sorted by name."""
    groups: dict[str, list[tuple[str, float]]] = {}
    for name in sorted(labels):
        reference, separator, index = name.rpartition("_")
        if not (separator and reference and index):
            raise DatasetError(
                f"Expected a name such as 000006x0y770_01 of DiffIQA, got {name!r}. Take its own labels."
            )
        groups.setdefault(reference, []).append((name, OUTCOMES[labels[name]]))
    return dict(sorted(groups.items()))
