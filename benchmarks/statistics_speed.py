"""Seconds and memory of the bootstrap intervals of one evaluation: every statistic alone, and all of them.

    python benchmarks/statistics_speed.py                        100,000 pictures, 1,000 draws, all cores
    python benchmarks/statistics_speed.py --rows 10000 --draws 200 --workers 1

Two kinds of data: as many scenes as pictures (photographs), and 25 scenes (a full-reference dataset). Beside them
stands what scipy takes for the rank correlations of one drawn sample, times the draws.
"""

import argparse
import os
import resource
import time

import numpy as np
import scipy.stats

from acutance.stats.bootstrap import Statistic, bootstrap_agreement
from acutance.stats.correlation import agreement

STATISTICS: tuple[Statistic, ...] = ("srcc", "krcc", "plcc", "rmse", "mae")
GROUPS: dict[str, tuple[Statistic, ...]] = {
    "SRCC": ("srcc",),
    "KRCC": ("krcc",),
    "PLCC": ("plcc",),
    "RMSE": ("rmse",),
    "MAE": ("mae",),
    "all five": STATISTICS,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--draws", type=int, default=1000)
    parser.add_argument("--workers", type=int, help="threads; as many as cores if left out")
    parser.add_argument("--digits", type=int, default=9, help="decimals of the opinions: fewer make ties")
    options = parser.parse_args()
    scores, mos = made(options.rows, options.digits)
    print(f"{options.rows} pictures, {options.draws} draws, {options.workers or os.cpu_count()} threads")
    start = time.perf_counter()
    figures = agreement(scores, mos, better="higher", mos_better="higher")
    print(f"all statistics once: {time.perf_counter() - start:.2f} s; SRCC {figures.srcc:.4f}, PLCC {figures.plcc:.4f}")
    for name, scenes in (("a scene each", None), ("25 scenes", np.arange(options.rows) % 25)):
        measure(name, scores, mos, scenes, options)
    print_scipy(scores, mos, options.draws)
    print(f"\nlargest memory of the process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")


def made(rows: int, digits: int) -> tuple[np.ndarray, np.ndarray]:
    """Scores and opinions with a correlation of 0.8."""
    generator = np.random.default_rng(0)
    scores = generator.normal(size=rows)
    return scores, np.round(np.tanh(scores) + 0.5 * generator.normal(size=rows), digits)


def measure(
    name: str, scores: np.ndarray, mos: np.ndarray, scenes: np.ndarray | None, options: argparse.Namespace
) -> None:
    print(f"\n| {name} | seconds | of the processor | interval |")
    print("| --- | --- | --- | --- |")
    for label, statistics in GROUPS.items():
        wall, busy = time.perf_counter(), time.process_time()
        found = bootstrap_agreement(
            scores,
            mos,
            None if scenes is None else scenes.tolist(),
            better="higher",
            mos_better="higher",
            draws=options.draws,
            statistics=statistics,
            workers=options.workers,
        )
        wall, busy = time.perf_counter() - wall, time.process_time() - busy
        low, high = found[statistics[0]]
        ends = f"{low:.4f} to {high:.4f}" if len(statistics) == 1 else ""
        print(f"| {label} | {wall:.1f} | {busy:.1f} | {ends} |", flush=True)


def print_scipy(scores: np.ndarray, mos: np.ndarray, draws: int) -> None:
    rows = np.random.default_rng(0).integers(0, len(scores), len(scores))
    print(f"\n| scipy on one drawn sample | seconds, times {draws} |")
    print("| --- | --- |")
    for label, statistic in (("SRCC", scipy.stats.spearmanr), ("KRCC", scipy.stats.kendalltau)):
        start = time.perf_counter()
        statistic(scores[rows], mos[rows])
        print(f"| {label} | {draws * (time.perf_counter() - start):.0f} |")


if __name__ == "__main__":
    main()
