"""How many photographs a second, decoding included, and how much memory the command takes."""

import csv
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import acutance
from benchmarks.tiny.commands import ALONE, WHOLE, Weights, acutance_command, score_rows
from benchmarks.tiny.figures import Figure, Section, Table

RATE, GIGABYTES = 20.0, 1.0
"""Photographs a second that are wanted at least, and memory that may be taken at most."""
MEASURE = (
    "import resource, subprocess, sys; "
    "code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode; "
    "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss); sys.exit(code)"
)
"""Runs a command from a small process, whose own memory does not count."""
IN_MEMORY = 100
"""Photographs that are scored while memory is measured."""
NOTE = (
    "Model loaded before, files in the cache of the system. All runs take turns; rates are medians of the rounds. "
    "Processor time is that of all threads together, which other programs of the machine change less. "
    "Beside one picture: every file with the same reference, which is decoded once. Beside another each: every file "
    "with the one before it, so that two are decoded. Memory is the largest that was resident in a fresh process."
)

Run = Callable[[], object]


def measure_speed(photographs: Sequence[Path], weights: Weights, *, rounds: int) -> Section:
    """Time afine-tiny and PSNR on the same files, and measure memory.

    Args:
        photographs: Files, at least 2.
        weights: Of afine-tiny; of its stage 1 the pairs are left out.
        rounds: How often each is timed.
    """
    times = interleaved(_runs(photographs, weights), rounds)
    rates = {name: [len(photographs) / seconds for seconds, _ in found] for name, found in times.items()}
    alone, psnr_one = f"{ALONE}, alone", "psnr, beside one picture"
    whole, psnr_each = f"{WHOLE}, beside another each", "psnr, beside another each"
    figures = [_rate(alone, rates[alone], at_least=RATE), _ratio(alone, psnr_one, rates)]
    if whole in rates:
        figures += [_rate(whole, rates[whole]), _ratio(whole, psnr_each, rates)]
    count = min(IN_MEMORY, len(photographs))
    figures.append(_memory(f"memory of `acutance score`, {count} photographs", _alone(photographs[:count], weights)))
    if whole in rates:
        with tempfile.TemporaryDirectory() as folder:
            command = _beside(photographs[:count], weights, Path(folder) / "pairs.csv")
            figures.append(_memory(f"memory of `acutance score`, {count} pairs", command))
    rows = [
        [name, *(f"{1000 * statistics.median(column) / len(photographs):.1f}" for column in zip(*found, strict=True))]
        for name, found in times.items()
    ]
    return Section(
        f"Speed: {len(photographs)} photographs of BIQ2021 (JPEG), float32, {_cores()} cores",
        figures,
        [Table(("", "ms a photograph", "ms of processor time"), rows)],
        [NOTE],
        {"rates": rates, "rounds": rounds},
        "lowest to highest round",
    )


def interleaved(runs: dict[str, Run], rounds: int) -> dict[str, list[tuple[float, float]]]:
    """Seconds of each run in each round and of the processor, after one round that is not timed."""
    for run in runs.values():
        run()
    seconds: dict[str, list[tuple[float, float]]] = {name: [] for name in runs}
    for _ in range(rounds):
        for name, run in runs.items():
            start, busy = time.perf_counter(), time.process_time()
            run()
            seconds[name].append((time.perf_counter() - start, time.process_time() - busy))
    return seconds


def _runs(photographs: Sequence[Path], weights: Weights) -> dict[str, Run]:
    files = list(photographs)
    one, another = [files[0]] * len(files), [files[-1], *files[:-1]]
    alone, psnr = weights.load(ALONE), acutance.load("psnr")
    runs: dict[str, Run] = {
        f"{ALONE}, alone": lambda: score_rows(files, alone),
        "psnr, beside one picture": lambda: score_rows(files, psnr, one),
    }
    if weights.has_fidelity:
        whole = weights.load(WHOLE)
        runs[f"{WHOLE}, beside another each"] = lambda: score_rows(files, whole, another)
        runs["psnr, beside another each"] = lambda: score_rows(files, psnr, another)
    return runs


def _alone(photographs: Sequence[Path], weights: Weights) -> list[str]:
    return ["score", *map(str, photographs), "--model", ALONE, "--device", "cpu", *weights.options(ALONE)]


def _beside(photographs: Sequence[Path], weights: Weights, manifest: Path) -> list[str]:
    with manifest.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("image", "reference"))
        writer.writerows(
            (path.absolute(), before.absolute())
            for path, before in zip(photographs, [photographs[-1], *photographs[:-1]], strict=True)
        )
    return ["score", str(manifest), "--model", WHOLE, "--device", "cpu", *weights.options(WHOLE)]


def _memory(what: str, arguments: Sequence[str]) -> Figure:
    """The largest resident memory of a fresh process."""
    command = [sys.executable, "-c", MEASURE, *acutance_command(), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"Expected scores of {what}, got: {done.stderr.strip().splitlines()[-1]}")
    return Figure(what=what, value=int(done.stdout) * 1024 / 1e9, at_most=GIGABYTES, unit="GB", digits=2)


def _rate(name: str, found: Sequence[float], *, at_least: float | None = None) -> Figure:
    median = statistics.median(found)
    return Figure(what=name, value=median, low=min(found), high=max(found), at_least=at_least, unit="/s", digits=1)


def _ratio(name: str, other: str, rates: dict[str, list[float]]) -> Figure:
    """Of the rates of the same round."""
    found = [first / second for first, second in zip(rates[name], rates[other], strict=True)]
    return Figure(
        what=f"{name}: times the speed of {other}", value=statistics.median(found), low=min(found), high=max(found)
    )


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
