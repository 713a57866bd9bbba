"""Everything that afine-tiny must reach, measured: opinions, made pairs, speed and memory, and moved crops.

    python benchmarks/afine_tiny.py BIQ2021 PAIRS -o results                     with the weights of the package
    python benchmarks/afine_tiny.py BIQ2021 PAIRS -o results --weights stage3    with those of a training, or a file
    python benchmarks/afine_tiny.py BIQ2021 PAIRS -o trial --pictures 20         a trial
    python benchmarks/afine_tiny.py BIQ2021 PAIRS -o results --only speed,shift  a part; the others stay as they are

BIQ2021 is the folder of the dataset, whose test part is scored; PAIRS that of projects.afine_tiny.pairs,
whose ``held_out`` is. Tables go to ``afine_tiny.md`` and ``afine_tiny.json``. Scores are kept beside them, and a run
that was broken off goes on.
"""

import argparse
import json
import platform
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from acutance.errors import AcutanceError

sys.path.insert(0, str(Path(__file__).parents[1]))
from benchmarks.tiny.commands import ALONE, Weights
from benchmarks.tiny.figures import Section, section_json, section_lines, section_of
from benchmarks.tiny.opinions import measure_opinions, tested_photographs
from benchmarks.tiny.pair_scores import score_pairs
from benchmarks.tiny.pairs import pairs_section
from benchmarks.tiny.shift import measure_shift
from benchmarks.tiny.speed import measure_speed

METRICS = "psnr,ssim,ms_ssim,gmsd,mdsi,vsi,haarpsi,fsim"
PHOTOGRAPHS = 200
"""Of the test part, timed and moved."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("biq2021", type=Path, help="folder of BIQ2021")
    parser.add_argument("pairs", type=Path, help="folder of projects.afine_tiny.pairs")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder of results")
    parser.add_argument("--weights", type=Path, help="file, or folder of a training; those of the package if left out")
    parser.add_argument("--pictures", type=int, help="take as few, and as few made pictures of whole references")
    parser.add_argument("--only", default=",".join(SECTIONS), help="some of the sections, with commas")
    parser.add_argument("--metrics", default=METRICS, help="classic metrics beside afine-tiny, with commas")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of timing")
    parser.add_argument("--overwrite", action="store_true", help="score anew")
    options = parser.parse_args()
    wanted = options.only.split(",")
    if strays := [name for name in wanted if name not in SECTIONS]:
        parser.error(f"expected sections of {', '.join(SECTIONS)}, got {strays[0]}")
    if options.pictures is not None and options.pictures < 3:
        parser.error(f"expected at least 3 pictures, got {options.pictures}")
    options.weights = Weights.at(options.weights)
    options.rerun = "--overwrite" if options.overwrite else "--resume"
    options.output.mkdir(parents=True, exist_ok=True)
    if "pairs" in wanted and not options.weights.has_fidelity:
        print("pairs left out: these weights are those of stage 1, without fidelity", file=sys.stderr)
        wanted.remove("pairs")
    report = Report(options)
    for name in wanted:
        report.add(name, SECTIONS[name](options))


def opinions(options: argparse.Namespace) -> Section:
    return measure_opinions(
        options.biq2021, options.output, options.weights, pictures=options.pictures, rerun=options.rerun
    )


def pairs(options: argparse.Namespace) -> Section:
    scores = score_pairs(
        options.pairs / "held_out",
        options.output,
        options.weights,
        options.metrics.split(","),
        pictures=options.pictures,
        rerun=options.rerun,
    )
    return pairs_section(scores)


def speed(options: argparse.Namespace) -> Section:
    return measure_speed(photographs(options), options.weights, rounds=options.rounds)


def shift(options: argparse.Namespace) -> Section:
    return measure_shift(photographs(options), options.weights)


def photographs(options: argparse.Namespace) -> list[Path]:
    """The first of the test part."""
    table = tested_photographs(options.biq2021)
    return [table.path(row.image) for row in table.rows[: options.pictures or PHOTOGRAPHS]]


SECTIONS: dict[str, Callable[[argparse.Namespace], Section]] = {
    "opinions": opinions,
    "pairs": pairs,
    "speed": speed,
    "shift": shift,
}


class Report:
    """Both files; written after each section, what earlier runs measured of the same kept."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._files = [options.output / f"afine_tiny.{ending}" for ending in ("md", "json")]
        provenance = options.weights.load(ALONE).provenance
        self._about: dict[str, Any] = {
            "weights": provenance.weights,
            "weights_sha256": provenance.weights_sha256,
            "pictures": options.pictures,
            "processor": processor(),
            "threads": torch.get_num_threads(),
            "torch": torch.__version__,
        }
        earlier = json.loads(self._files[1].read_text()) if self._files[1].is_file() else {}
        same = {name: earlier.get(name) for name in self._about} == self._about
        self._sections: dict[str, Section] = {}
        if same:
            self._sections = {name: section_of(plain) for name, plain in earlier["sections"].items()}

    def add(self, name: str, section: Section) -> None:
        """Print a section and write all that there are."""
        self._sections[name] = section
        print("\n".join(section_lines(section)), flush=True)
        known = {name: self._sections[name] for name in SECTIONS if name in self._sections}
        about = ", ".join(f"{name} {value}" for name, value in self._about.items() if value is not None)
        lines = [line for one in known.values() for line in section_lines(one)]
        self._files[0].write_text("\n".join([f"{about}.", "", *lines]), encoding="utf-8")
        plain = {**self._about, "sections": {name: section_json(one) for name, one in known.items()}}
        self._files[1].write_text(json.dumps(plain, indent=1), encoding="utf-8")


def processor() -> str:
    """What the system calls it."""
    facts = Path("/proc/cpuinfo")
    lines = facts.read_text().splitlines() if facts.is_file() else []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor()


if __name__ == "__main__":
    try:
        main()
    except AcutanceError as error:
        sys.exit(str(error))
