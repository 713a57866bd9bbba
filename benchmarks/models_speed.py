"""AHIQ, HyperIQA, MS-HyperIQA and VTAMIQ on a CPU: seconds a picture, beside PyIQA's and the authors' own networks.

    python benchmarks/models_speed.py                          ours; PyIQA's too if it is installed
    python benchmarks/models_speed.py --models hyperiqa        one model; may be repeated
    python benchmarks/models_speed.py --vtamiq CHECKOUT        VTAMIQ's own repository, for its forward

AHIQ and HyperIQA score PNG files, decoding included, by the same crops on both sides. VTAMIQ is timed on equal patches,
its network alone, as its authors' forward is. Weights are those of the golden cases, in the published layouts. Runs are
interleaved, and medians are printed, with the multiply-adds of a picture as they are run.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image

import acutance
from acutance.models.quality_model import QualityModel
from acutance.models.vtamiq.model import VTAMIQ

sys.path.insert(0, str(Path(__file__).parents[1]))
from benchmarks import rivals
from benchmarks.counting import multiply_adds
from tests.fakes import ahiq_checkpoint, hyperiqa_checkpoint, vtamiq_checkpoint

ROOT = Path(__file__).parents[1]
Scores = list[float]


@dataclass(frozen=True)
class Contest:
    """What is timed side by side on the same pictures."""

    title: str
    runs: dict[str, Callable[[], Scores]]
    pictures: int
    counted: dict[str, float]
    """Multiply-adds of one picture by the name of the run."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", action="append", choices=sorted(CONTESTS), help="by default all")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--pictures", type=int, default=8, help="pictures of HyperIQA and MS-HyperIQA")
    parser.add_argument("--crops", type=int, default=4, help="crops of AHIQ; its authors take 20")
    parser.add_argument("--vtamiq", type=Path, help="a checkout of VTAMIQ's repository")
    options = parser.parse_args()
    print(f"{torch.get_num_threads()} threads, torch {torch.__version__}")
    with tempfile.TemporaryDirectory() as scratch, torch.no_grad():
        for name in options.models or CONTESTS:
            for contest in CONTESTS[name](Path(scratch), options):
                print_contest(contest, interleaved(contest.runs, options.rounds))


def hyperiqa(folder: Path, options: argparse.Namespace) -> Iterator[Contest]:
    """25 crops of each picture, where PyIQA puts them."""
    weights = folder / "hyperiqa.pth"
    hyperiqa_checkpoint.write_pyiqa(weights, "plain")
    pictures = [path for path, _ in make_pairs(folder / "hyperiqa", options.pictures, 1)]
    runs, counted = {}, {}
    for precision in ("float32", "bfloat16"):
        model = acutance.load("hyperiqa", weights, precision=precision, protocol="pyiqa")
        name = f"acutance {precision}"
        runs[name] = lambda model=model: [row.score / 100 for row in acutance.score(pictures, model=[model])]
        counted[name] = multiply_adds(lambda model=model: model(tensor(pictures[0])))
    if theirs := rivals.hyperiqa(weights):
        runs["PyIQA"] = lambda: [float(theirs(tensor(path))) for path in pictures]
        counted["PyIQA"] = multiply_adds(lambda: theirs(tensor(pictures[0])))
    yield Contest("HyperIQA, 25 crops of 512 x 384", runs, len(pictures), counted)


def ms_hyperiqa(folder: Path, options: argparse.Namespace) -> Iterator[Contest]:
    """The default protocol; there is nothing to compare with."""
    weights = folder / "ms_hyperiqa.pkl"
    hyperiqa_checkpoint.write_official(weights, "ms_hyperiqa", "plain")
    pictures = [path for path, _ in make_pairs(folder / "ms_hyperiqa", options.pictures, 1)]
    runs, counted = {}, {}
    for precision in ("float32", "bfloat16"):
        model = acutance.load("ms_hyperiqa", weights, precision=precision)
        name = f"acutance {precision}"
        runs[name] = lambda model=model: [row.score for row in acutance.score(pictures, model=[model])]
        counted[name] = multiply_adds(lambda model=model: model(tensor(pictures[0])))
    yield Contest("MS-HyperIQA, the crops that cover 512 x 384", runs, len(pictures), counted)


def ahiq(folder: Path, options: argparse.Namespace) -> Iterator[Contest]:
    """The same random crops; pairs with a reference of their own, and pairs that share one."""
    weights = folder / "ahiq.pth"
    ahiq_checkpoint.write_official(weights, "plain")
    ahiq_checkpoint.write_backbones(folder)
    views = {"protocol": "random", "crops": options.crops}
    for title, references, distorted in (("a reference each", 4, 1), ("4 pairs a reference", 1, 4)):
        pairs = make_pairs(folder / title.replace(" ", "_"), references, distorted)
        runs, counted = {}, {}
        for precision in ("float32", "bfloat16"):
            with rivals.weights_folder(folder):
                model = acutance.load("ahiq", weights, precision=precision, **views)
            name = f"acutance {precision}"
            runs[name] = lambda model=model, pairs=pairs: score_pairs(model, pairs)
            counted[name] = multiply_adds(lambda model=model, pairs=pairs: model(*map(tensor, pairs[0])))
        if theirs := rivals.ahiq(folder, weights, options.crops):
            runs["PyIQA"] = lambda pairs=pairs: [float(theirs(*map(tensor, pair))) for pair in pairs]
            counted["PyIQA"] = multiply_adds(lambda pairs=pairs: theirs(*map(tensor, pairs[0])))
        yield Contest(f"AHIQ, {options.crops} crops of 512 x 384, {title}", runs, len(pairs), counted)


def vtamiq(folder: Path, options: argparse.Namespace) -> Iterator[Contest]:
    """One pair, 512 patches of each picture at equal places."""
    weights = folder / "vtamiq.pth"
    vtamiq_checkpoint.write_published(weights)
    generator = torch.Generator().manual_seed(0)
    patches = 2 * torch.rand(2, 1, 512, 3, 16, 16, generator=generator) - 1
    places = torch.rand(1, 512, 2, generator=generator)
    runs, counted = {}, {}
    for precision in ("float32", "bfloat16"):
        model = acutance.load("vtamiq-head", weights, precision=precision)
        name = f"acutance {precision}"
        runs[name] = lambda model=model: compare_patches(model, patches, places)
        counted[name] = multiply_adds(runs[name])
    if theirs := rivals.vtamiq(options.vtamiq, weights):
        runs["authors"] = lambda: theirs((patches[0], patches[1]), (places, places), (None, None))[0].tolist()
        counted["authors"] = multiply_adds(runs["authors"])
    yield Contest("VTAMIQ, 512 patches", runs, 1, counted)


def compare_patches(model: VTAMIQ, patches: torch.Tensor, places: torch.Tensor) -> Scores:
    """As the authors' forward: reference and distorted patches of one pair in, one number out."""
    reference, distorted = model.encoder(patches.flatten(0, 1), places.expand(2, -1, -1)).split(1)
    return model.compare(distorted, reference).tolist()


CONTESTS = {"hyperiqa": hyperiqa, "ms_hyperiqa": ms_hyperiqa, "vtamiq": vtamiq, "ahiq": ahiq}


def score_pairs(model: QualityModel, pairs: list[tuple[Path, Path]]) -> Scores:
    images, references = ([pair[index] for pair in pairs] for index in (0, 1))
    return [row.score for row in acutance.score(images, reference=references, model=[model])]


def make_pairs(folder: Path, references: int, distorted: int) -> list[tuple[Path, Path]]:
    """PNG files of 512 x 384: enlarged example pictures, and the same with noise."""
    folder.mkdir()
    sources = sorted((ROOT / "examples" / "reference").glob("*.png"))
    generator = np.random.default_rng(0)
    pairs = []
    for index in range(references):
        with Image.open(sources[index % len(sources)]) as source:
            truth = np.asarray(source.convert("RGB").resize((512, 384), Image.Resampling.LANCZOS))
        truth = np.roll(truth, 40 * index, axis=1)
        reference = folder / f"reference{index}.png"
        Image.fromarray(truth).save(reference)
        for level in range(distorted):
            path = folder / f"reference{index}_{level:02d}.png"
            noise = generator.normal(0, 5 + 5 * level, truth.shape)
            Image.fromarray((truth + noise).clip(0, 255).astype(np.uint8)).save(path)
            pairs.append((path, reference))
    return pairs


def tensor(path: Path) -> torch.Tensor:
    with Image.open(path) as image:
        pixels = torch.from_numpy(np.array(image.convert("RGB")))
    return pixels.permute(2, 0, 1)[None].float() / 255


def interleaved(runs: dict[str, Callable[[], Scores]], rounds: int) -> dict[str, tuple[float, Scores]]:
    """Median seconds and scores of each run; every round runs all of them, after one that is not timed."""
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    scores = {name: run() for name, run in runs.items()}
    for _ in range(rounds):
        for name, run in runs.items():
            start = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - start)
    return {name: (statistics.median(seconds[name]), scores[name]) for name in runs}


def print_contest(contest: Contest, results: dict[str, tuple[float, Scores]]) -> None:
    rival = next((seconds for name, (seconds, _) in results.items() if not name.startswith("acutance")), None)
    exact = results["acutance float32"][1]
    print(f"\n| {contest.title} | ms a picture | times as fast | multiply-adds | largest difference to float32 |")
    print("| --- | --- | --- | --- | --- |")
    for name, (seconds, scores) in results.items():
        ratio = f"{rival / seconds:.2f}" if rival else "-"
        difference = max(abs(a - b) for a, b in zip(scores, exact, strict=True))
        count = f"{contest.counted[name] / 1e9:.1f} G"
        print(
            f"| {name} | {1000 * seconds / contest.pictures:.0f} | {ratio} | {count} | {difference:.1e} |", flush=True
        )


if __name__ == "__main__":
    main()
