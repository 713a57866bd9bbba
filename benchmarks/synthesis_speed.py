"""How many pictures of 512 x 512 ``acutance data synthesize`` makes in a second, and where its time goes.

    python benchmarks/synthesis_speed.py                   two workers, the usual metrics, 400 pictures
    python benchmarks/synthesis_speed.py --models mdsi,vsi,haarpsi --count 100

Sources are parts of the example pictures, enlarged, as PNG files. The first rate counts from the first pictures to
the last, without the start of the workers; the second is the whole run. Shares are CPU time of one process that does
the work alone, with the environment that workers have.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from itertools import pairwise
from pathlib import Path

import torch
from PIL import Image

from acutance.distortions import KINDS, apply_mixture
from acutance.synthesis import synthesize
from acutance.synthesis.maker import Maker, Settings, write_image
from acutance.synthesis.plan import DEFAULT_METRICS, Choices, RandomPlan, items_from
from acutance.synthesis.workers import WORKER_ENVIRONMENT

ROOT = Path(__file__).parents[1]
SIDE = 512
SOURCES = 24
PARTS = ("reading", "distorting", "scoring", "writing")
GOAL = 15
"""Pictures a second on two cores with three metrics."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=400)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--models", default=",".join(DEFAULT_METRICS))
    parser.add_argument("--shares", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    metrics = tuple(options.models.split(","))
    if options.shares:
        print_shares(options.shares, metrics)
        return
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        sources = make_sources(folder / "sources")
        print(f"load {os.getloadavg()[0]:.1f} before, {options.count} pictures of {SIDE} x {SIDE}, {options.models}")
        steady, whole = rates(sources, folder / "out", options.count, metrics, options.workers)
        print(f"{steady:.1f} pictures a second on {options.workers} workers (goal on two cores: {GOAL}), once started")
        print(f"{whole:.1f} pictures a second, start included")
        again = [sys.executable, __file__, "--shares", str(sources), "--models", options.models]
        subprocess.run(again, env=os.environ | WORKER_ENVIRONMENT, check=True)


def make_sources(folder: Path) -> Path:
    """Square parts of the example pictures."""
    folder.mkdir()
    examples = sorted((ROOT / "examples" / "reference").iterdir())
    for index in range(SOURCES):
        with Image.open(examples[index % len(examples)]) as picture:
            side = min(picture.size) - 8 * index // len(examples)
            left = (picture.width - side) * (index // len(examples)) // SOURCES
            part = picture.convert("RGB").resize((SIDE, SIDE), box=(left, 0, left + side, side))
        part.save(folder / f"{index:02d}.png")
    return folder


def rates(sources: Path, output: Path, count: int, metrics: tuple[str, ...], workers: int) -> tuple[float, float]:
    """Pictures a second from the first that were made on, and of the whole run."""
    moments: list[tuple[float, int]] = []
    start = time.perf_counter()
    synthesize(
        [sources],
        output,
        count=count,
        metrics=metrics,
        workers=workers,
        on_progress=lambda done, _: moments.append((time.perf_counter(), done)),
    )
    end = time.perf_counter()
    (first, few), (last, many) = moments[1], moments[-1]
    return (many - few) / (last - first), count / (end - start)


def print_shares(sources: Path, metrics: tuple[str, ...], count: int = 125) -> None:
    """CPU time of each part of the work on a picture, one of every kind and level."""
    torch.set_num_threads(1)
    names = [path.stem for path in sorted(sources.iterdir())]
    with tempfile.TemporaryDirectory() as scratch:
        settings = Settings(images=Path(scratch), references=sources, metrics=metrics)
        maker = Maker(settings)
        choices = Choices(names=names, kinds=list(KINDS), levels=range(1, 6), seed=0, ending=".png")
        spent: dict[str, float] = defaultdict(float)
        for item in items_from(RandomPlan(choices, count), 0):
            moments = [time.process_time()]
            reference = maker.reference(names[item.source])
            moments.append(time.process_time())
            distorted = apply_mixture(reference, item.mixture)
            moments.append(time.process_time())
            maker.scores(distorted, reference)
            moments.append(time.process_time())
            write_image(distorted, settings.images / item.name)
            moments.append(time.process_time())
            for part, (begin, end) in zip(PARTS, pairwise(moments), strict=True):
                spent[part] += (end - begin) / count * 1000
        total = sum(spent.values())
        for part, milliseconds in spent.items():
            print(f"{part}: {milliseconds:.0f} ms of CPU a picture, {milliseconds / total:.0%}")
        print(f"together {total:.0f} ms: at most {2 * 1000 / total:.1f} pictures a second on two free cores")


if __name__ == "__main__":
    main()
