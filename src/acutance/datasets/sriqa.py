"""SRIQA-Bench: results of super-resolution, scored within each content (Chen et al. 2025)."""

from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
from jaxtyping import Float64

from acutance.datasets.annotations import Record, line_records
from acutance.datasets.comparisons import Comparison, pairs_of
from acutance.datasets.diffiqa import DIFFIQA, LABELS, folders_in, read_labels
from acutance.datasets.folder import DatasetFacts, DatasetFolder
from acutance.datasets.table import RatedImage
from acutance.errors import DatasetError
from acutance.tables.read import read_text
from acutance.types import OnProgress

SRIQA_BENCH = DatasetFacts(
    name="sriqa_bench",
    title="SRIQA-Bench",
    rated=1100,
    references=100,
    distortions=11,
    low=0.0,
    high=100.0,
    layout="images/ with a folder for each method, MOS/*.txt",
    licence="Academic research only, commercial use: no.",
    where="https://github.com/ChrisDud0257/AFINE",
    paper=DIFFIQA.paper,
    note="Scores run from 0 to 100 within each scene. The reference is rated too, as the method Original.",
)

SRIQA_PEOPLE = 10
"""People who compared each pair (readme of SRIQA-Bench)."""
REFERENCE = "{content}_Original.png"
"""Name of the reference of a content."""
TOP = 100.0
"""Score of the best image of a content; the worst has 0."""
EQUAL = 1e-10
"""A spread of scores that is rounding."""

Counts = Float64[np.ndarray, " images images"]


def read_sriqa_bench(folder: DatasetFolder) -> list[RatedImage]:
    """The rows of ``MOS/<scene>.txt`` (``file,score``), the rated references included; ``distortion`` tells the method.

    Images are ``images/<method>/<scene>_<method>.png``; the folder of a method may carry its ``x4`` or not.
    """
    folder.need("MOS")
    return [
        _scored(folder, record)
        for name in folder.names("MOS")
        if name.lower().endswith(".txt")
        for record in line_records(folder.need(f"MOS/{name}"), ("file", "score"))
    ]


def read_scores(path: Path) -> list[tuple[str, float]]:
    """The lines ``file,score`` of a content, in their order; a blank may stand for the comma.

    Args:
        path: A file of the folders ``MOS``, ``MOS_Reg`` or ``MOS_Gen``.
    """
    title, cure = SRIQA_BENCH.title, f"Get {SRIQA_BENCH.title} whole from {SRIQA_BENCH.where}."
    scored = []
    for number, line in enumerate(read_text(path, f"the scores of {title}", cure).splitlines(), start=1):
        if not line.strip():
            continue
        cells = cells_of(line)
        try:
            name, score = cells[0], float(cells[1])
        except (IndexError, ValueError):
            name, score = "", float("nan")
        if len(cells) != 2 or not name or not 0 <= score <= 100:
            raise DatasetError(
                f"Expected file,score with a score from 0 to 100 of {title} in {path}, line {number}, "
                f"got {line!r}. {cure}"
            )
        scored.append((name, score))
    if len(scored) < 2:
        raise DatasetError(f"Expected at least two scores of {title} in {path}, got {len(scored)}. {cure}")
    return scored


def cells_of(line: str) -> list[str]:
    """What commas part in a line, or blanks where it has none; a comma at its end parts nothing."""
    text = line.strip().rstrip(",")
    return [cell.strip() for cell in text.split(",")] if "," in text else text.split()


def sriqa_pairs(folder: Path) -> list[Comparison]:
    """The test pairs: every two images of a content, in the order of its list, 55 where it lists 11.

    Args:
        folder: One of the folders ``MOS``, ``MOS_Reg`` and ``MOS_Gen``, with ``<content>.txt``.
    """
    paths = sorted(folder.glob("*.txt"))
    if not paths:
        raise DatasetError(
            f"Expected lists such as online15.txt of {SRIQA_BENCH.title} in {folder}, got none. "
            f"Get it whole from {SRIQA_BENCH.where}."
        )
    return [pair for path in paths for pair in pairs_of(REFERENCE.format(content=path.stem), read_scores(path))]


@dataclass(frozen=True)
class ContentLabels:
    """Counts of how often each image of a content was preferred to each other one."""

    names: list[str]
    """File names without ending, sorted."""
    counts: Counts
    """Row i, column j: how often i was better than j; an equal counts for both."""


def read_pairwise_labels(folder: Path, *, on_progress: OnProgress | None = None) -> dict[str, ContentLabels]:
    """Count the labels of all people, content by content.

    Args:
        folder: The folder ``labels``, with ``<person>/<content>/*.json``.
        on_progress: Called with how many files are done, of how many.
    """
    people = folders_in(folder, "people", SRIQA_BENCH)
    contents = {person: {path.name for path in folders_in(person, "contents", SRIQA_BENCH)} for person in people}
    for person, names in contents.items():
        if missing := contents[people[0]] ^ names:
            raise DatasetError(
                f"Expected the same contents of every person of {SRIQA_BENCH.title} in {folder}, got {min(missing)} of "
                f"only one of {people[0].name} and {person.name}. Get the labels whole from {SRIQA_BENCH.where}."
            )
    files = {
        name: [file for person in people for file in sorted((person / name).glob("*.json"))]
        for name in sorted(contents[people[0]])
    }
    total, done = sum(map(len, files.values())), 0
    found = {}
    for name, paths in files.items():
        found[name] = _count(folder / "*" / name, paths)
        done += len(paths)
        if on_progress:
            on_progress(done, total)
    return found


def mos_of(content: ContentLabels) -> dict[str, float]:
    """Score of each image of a content, 0 the worst and 100 the best, best first."""
    scores = mos_from_counts(content.counts)
    order = sorted(range(len(scores)), key=lambda index: (-scores[index], content.names[index]))
    return {content.names[index]: float(scores[index]) for index in order}


def mos_from_counts(counts: Counts) -> Float64[np.ndarray, " images"]:
    """Scores from 0, the worst image of a content, to 100, the best: most likely by Thurstone's model.

    Args:
        counts: How often image i was found better than image j, of one content; an equal counts for both.

    Raises:
        DatasetError: Labels by which all images are equal.
        StatisticsError: Counts that are no square of numbers of at least 0.
    """
    from acutance.stats.ordering import thurstone_scores

    scores = thurstone_scores(counts)
    spread = float(np.ptp(scores)) if len(scores) else 0.0
    if spread <= EQUAL:
        raise DatasetError(
            f"Expected labels that prefer one of {len(counts)} images, got none. Leave this content out."
        )
    return np.asarray(TOP * (scores - scores.min()) / spread)


def _scored(folder: DatasetFolder, record: Record) -> RatedImage:
    name = record.text("file")
    scene, _, method = PurePosixPath(name).stem.partition("_")
    if not method:
        raise record.fault("file", "a name such as online15_SwinIRx4.png", repr(name))
    reference = folder.image_below("images", REFERENCE.format(content=scene))
    return RatedImage(
        image=folder.image_below("images", name),
        reference=reference,
        mos=record.number("score"),
        num_votes=SRIQA_PEOPLE,
        distortion=method,
    )


def _count(where: Path, paths: list[Path]) -> ContentLabels:
    title, cure = SRIQA_BENCH.title, f"Get {SRIQA_BENCH.title} whole from {SRIQA_BENCH.where}."
    labelled = []
    for path in paths:
        keys = ("Picture_01", "Picture_02")
        (first, one), (second, other) = (
            (PurePosixPath(name).stem, label) for name, label in read_labels(path, keys, SRIQA_BENCH)
        )
        if not (first and second):
            raise DatasetError(f"Expected a file name as {keys[bool(first)]}.Name in {path}, got none. {cure}")
        if first == second:
            raise DatasetError(f"Expected two images of {title} in {path}, got {first} twice. {cure}")
        labelled.append((first, second, LABELS.index(one) - LABELS.index(other)))  # 0 is the best
    if not labelled:
        raise DatasetError(f"Expected labels of {title} in {where}, got none. {cure}")
    images = sorted({name for first, second, _ in labelled for name in (first, second)})
    index = {name: place for place, name in enumerate(images)}
    counts = np.zeros((len(images), len(images)))
    for first, second, difference in labelled:
        counts[index[first], index[second]] += difference <= 0
        counts[index[second], index[first]] += difference >= 0
    return ContentLabels(images, counts)
