"""A-FINE's speed on a CPU beside PyIQA's: same pictures, same weights, same run, decoding included.

    python benchmarks/afine_speed.py                       ours; PyIQA's too if it is installed
    python benchmarks/afine_speed.py --distorted 6         a shorter run
    python benchmarks/afine_speed.py --large               also a 4000 x 3000 pair and the memory it takes

Weights are those of the golden cases, in the published layout; times do not depend on their values. Runs are
interleaved, and medians are printed.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch
from PIL import Image

import acutance
from acutance.layers.clip import ClipImageEncoder
from acutance.layers.cpu import fast_linear
from acutance.models.torch_scorer import ComputeThreads

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.fakes.afine_checkpoint import write_published

ROOT = Path(__file__).parents[1]
HEIGHT, WIDTH = 384, 512
ENCODER_FLOPS_PER_TOKEN = 2 * 12 * (768 * 2304 + 768 * 768 + 2 * 768 * 3072)
"""Operations of the linear layers of CLIP ViT-B/32 for one token; attention and the rest are left out."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--references", type=int, default=4)
    parser.add_argument("--distorted", type=int, default=24, help="distorted pictures of each reference")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--weights", type=Path, help="afine.pth; made here if left out")
    parser.add_argument("--large", action="store_true", help="also measure a 4000 x 3000 pair")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        weights = options.weights or made_weights(folder)
        pairs = make_pictures(folder, options.references, options.distorted)
        print(f"{torch.get_num_threads()} threads, torch {torch.__version__}, {len(pairs)} pairs of {WIDTH} x {HEIGHT}")
        runs = {f"acutance {name}": ours(pairs, weights, name) for name in ("float32", "bfloat16")}
        if theirs := pyiqa(pairs, weights):
            runs["PyIQA"] = theirs
        print_speed(interleaved(runs, options.rounds), len(pairs))
        print_rates(weights, options.rounds)
        if options.large:
            print_large(folder, weights)


def made_weights(folder: Path) -> Path:
    path = folder / "afine.pth"
    write_published(path)
    return path


def make_pictures(folder: Path, references: int, distorted: int) -> list[tuple[Path, Path]]:
    """PNG files: enlarged example pictures, and the same with ever more noise."""
    sources = sorted((ROOT / "examples" / "reference").glob("*.png"))
    pairs = []
    generator = np.random.default_rng(0)
    for index in range(references):
        with Image.open(sources[index % len(sources)]) as source:
            truth = np.asarray(source.convert("RGB").resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS))
        truth = np.roll(truth, 40 * index, axis=1)
        reference = folder / f"reference{index}.png"
        Image.fromarray(truth).save(reference)
        for level in range(distorted):
            noise = generator.normal(0, 2 + level, truth.shape)
            path = folder / f"reference{index}_{level:02d}.png"
            Image.fromarray((truth + noise).clip(0, 255).astype(np.uint8)).save(path)
            pairs.append((path, reference))
    return pairs


def ours(pairs: list[tuple[Path, Path]], weights: Path, precision: str) -> Callable[[], list[float]]:
    model = acutance.load("afine", weights, precision=precision)
    images, references = ([pair[index] for pair in pairs] for index in (0, 1))
    return lambda: [row.score for row in acutance.score(images, reference=references, model=[model])]


def pyiqa(pairs: list[tuple[Path, Path]], weights: Path) -> Callable[[], list[float]] | None:
    """PyIQA's own class, pair by pair, as its documentation shows; ``None`` if it is not installed."""
    try:
        from pyiqa.archs import afine_arch, afineclip_model
    except ImportError as error:
        print(f"PyIQA left out: {error}")
        return None
    clip = torch.load(weights, weights_only=True)["finetuned_clip"]
    # it loads OpenAI's file only to overwrite every tensor of it with finetuned_clip
    afine_arch.load = lambda *_, **__: (afineclip_model.build_model(dict(clip)), None)
    model = afine_arch.AFINE(pretrained_model_path=str(weights)).eval()

    def tensor(path: Path) -> torch.Tensor:
        with Image.open(path) as image:
            pixels = torch.from_numpy(np.array(image.convert("RGB")))
        return pixels.permute(2, 0, 1)[None].float() / 255

    return lambda: [float(model(tensor(distorted), tensor(reference))) for distorted, reference in pairs]


def interleaved(runs: dict[str, Callable[[], list[float]]], rounds: int) -> dict[str, tuple[float, list[float]]]:
    """Median seconds and scores of each run; every round runs all of them."""
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    scores: dict[str, list[float]] = {}
    for _ in range(rounds):
        for name, run in runs.items():
            start = time.perf_counter()
            scores[name] = run()
            seconds[name].append(time.perf_counter() - start)
    return {name: (statistics.median(seconds[name]), scores[name]) for name in runs}


def print_speed(results: dict[str, tuple[float, list[float]]], count: int) -> None:
    slowest = results.get("PyIQA")
    exact = results["acutance float32"][1]
    print("\n| A-FINE | ms a pair | times PyIQA's speed | largest difference to float32 |")
    print("| --- | --- | --- | --- |")
    for name, (seconds, scores) in results.items():
        ratio = f"{slowest[0] / seconds:.2f}" if slowest else "-"
        difference = max(abs(a - b) for a, b in zip(scores, exact, strict=True))
        print(f"| {name} | {1000 * seconds / count:.0f} | {ratio} | {difference:.1e} |")


def print_rates(weights: Path, rounds: int) -> None:
    """Share of the machine's own matrix product rate that the encoder reaches, scored pictures side by side."""
    images = torch.rand(8, 3, HEIGHT, WIDTH)
    tokens = 1 + HEIGHT * WIDTH // 32**2
    print("\n| encoder | ms an image | GFLOP/s | torch.matmul | share | oneDNN's product | share |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for precision, dtype in (("float32", torch.float32), ("bfloat16", torch.bfloat16)):
        encoder = acutance.load("afine", weights, precision=precision).encoder
        square = torch.randn(2048, 2048).to(dtype)

        def encode(share: torch.Tensor, encoder: ClipImageEncoder = encoder) -> None:
            for _ in encoder.blocks(share):
                pass

        times: dict[str, list[float]] = {"matmul": [], "onednn": [], "encoder": []}
        layer = torch.nn.Linear(2048, 2048, bias=False, dtype=dtype).requires_grad_(requires_grad=False)
        with ComputeThreads(on_cpu=True) as crew:
            for _ in range(3 * rounds):
                times["matmul"].append(timed(partial(torch.matmul, square, square)))
                times["onednn"].append(timed(partial(fast_linear, square, layer)))
                times["encoder"].append(timed(partial(crew.run, encode, crew.shares(images))))
        per_image = statistics.median(times["encoder"]) / len(images)
        rate = ENCODER_FLOPS_PER_TOKEN * tokens / per_image / 1e9
        machine = [2 * 2048**3 / statistics.median(times[name]) / 1e9 for name in ("matmul", "onednn")]
        shares = " | ".join(f"{most:.0f} | {rate / most:.0%}" for most in machine)
        print(f"| {precision} | {1000 * per_image:.0f} | {rate:.0f} | {shares} |")


def print_large(folder: Path, weights: Path) -> None:
    """Time and memory of one 4000 x 3000 pair, in a process of its own."""
    generator = np.random.default_rng(0)
    small = Image.fromarray(generator.integers(0, 255, (300, 400, 3), dtype=np.uint8))
    small.resize((4000, 3000), Image.Resampling.BICUBIC).save(folder / "truth.png", compress_level=1)
    small.resize((4000, 3000), Image.Resampling.BILINEAR).save(folder / "out.png", compress_level=1)
    script = f"import benchmarks.afine_speed as b; b.score_large({str(folder)!r}, {str(weights)!r})"
    result = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    figures = json.loads(result.stdout)
    print(f"\n4000 x 3000 pair: {figures['seconds']:.1f} s, {figures['gigabytes']:.2f} GB above the loaded weights")


def score_large(folder: str, weights: str) -> None:
    """Print seconds and the peak of memory above what the process held with the weights loaded."""
    model = acutance.load("afine", weights)
    small = np.zeros((32, 32, 3), np.uint8)
    acutance.score(small, reference=small, model=model)
    Path("/proc/self/clear_refs").write_text("5")  # the peak so far is forgotten
    before = memory("VmRSS")
    start = time.perf_counter()
    acutance.score(Path(folder, "out.png"), reference=Path(folder, "truth.png"), model=model)
    seconds = time.perf_counter() - start
    print(json.dumps({"seconds": seconds, "gigabytes": (memory("VmHWM") - before) / 1e6}))


def memory(what: str) -> int:
    """A figure of /proc/self/status in kilobytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(what))


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
