"""A-FINE's stages 2 and 3 on a CPU: steps on what was computed once, beside steps that encode pictures.

    python benchmarks/afine_training_speed.py              golden weights, two threads, some minutes
    python benchmarks/afine_training_speed.py --distorted 7 --batch 32 --steps 50     a shorter run

Both loops are the package's own and give the same weights. The direct one encodes the three pictures of each triplet
once a step. Times of whole runs are those of 40,000 steps with the pictures that A-FINE trains with, made of the times
of a step and of a picture that are measured here, in pictures of one size.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import torch

import acutance
from acutance.datasets.table import OpinionTable, RatedImage, write_table
from acutance.models.afine.model import AFINE
from acutance.training.config import TrainConfig
from acutance.training.recipes.afine import STAGE2, STAGE3
from acutance.training.run import train
from acutance.training.systems.afine_frozen import (
    AFINEStage2Task,
    AFINEStage2Training,
    AFINEStage3Task,
    AFINEStage3Training,
)
from acutance.training.task import Task
from acutance.training.triplets import TripletData, TripletSource

sys.path.insert(0, str(Path(__file__).parents[1]))
from benchmarks.afine_speed import HEIGHT, WIDTH, made_weights, make_pictures

STEPS, BATCH, VARIANTS = 40_000, 128, 8
"""Of the recipes."""
TRAINING_PICTURES = {"kadid10k": 57 * 126, "pipal": 140 * 117, "tid2013": 18 * 121}
"""Pictures of the training references, themselves included: 7 of 10 references of 125, 116 and 120 distorted ones."""
DIFFIQA_PICTURES = 20_908 * 7
"""7 of 10 of the 29,868 references, six enhanced pictures each."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--distorted", type=int, default=15, help="distorted pictures of each of three references")
    parser.add_argument("--batch", type=int, default=BATCH)
    parser.add_argument("--steps", type=int, default=200, help="cached steps to time")
    parser.add_argument(
        "--direct-triplets", type=int, default=6, help="triplets of a direct step, of which 3 are timed"
    )
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--weights", type=Path, help="afine.pth; made here if left out")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        weights = options.weights or made_weights(folder)
        table = make_table(folder, options.distorted)
        print(f"{options.threads} threads, torch {torch.__version__}, pictures of {WIDTH} x {HEIGHT}")
        for stage in (2, 3):
            measure(stage, table, weights, folder, options)


def make_table(folder: Path, distorted: int) -> Path:
    """Three references that train and one that validates, opinions falling with the noise."""
    rows = []
    for place, (picture, reference) in enumerate(make_pictures(folder, 4, distorted)):
        part = "train" if place < 3 * distorted else "validation"
        level = place % distorted
        rows.append(
            RatedImage(
                image=picture.name, reference=reference.name, mos=5 - 0.1 * level, scene=reference.name, split=part
            )
        )
    write_table(OpinionTable(rows, folder, "set"), folder / "set.csv")
    return folder / "set.csv"


def measure(stage: int, table: Path, weights: Path, folder: Path, options: argparse.Namespace) -> None:
    recipe = (STAGE2 if stage == 2 else STAGE3).config()
    triplet = direct_seconds(stage, recipe, table, weights, folder / f"direct{stage}", options.direct_triplets)
    row, step = cached_seconds(stage, recipe, table, weights, folder / f"cached{stage}", options)
    direct = triplet * options.batch
    print(f"\nstage {stage}, a step of {options.batch} triplets")
    print(f"  direct          {direct:10.3f} s   ({triplet * 1e3:.0f} ms a triplet)")
    print(f"  on what is kept {step * 1e3:10.3f} ms  {direct / step:,.0f} times as fast")
    print(f"  preparation     {row * 1e3:10.3f} ms a picture and variant, once")
    sets = {"KADID-10k, PIPAL, TID2013": sum(TRAINING_PICTURES.values())}
    if stage == 3:
        sets["the same and DiffIQA"] = sum(TRAINING_PICTURES.values()) + DIFFIQA_PICTURES
    print(f"stage {stage}, whole runs of {STEPS:,} steps of {options.batch}, preparation included")
    for name, pictures in sets.items():
        for variants in (VARIANTS, 1):
            prepared, steps = row * pictures * variants, STEPS * step
            ratio = STEPS * direct / (prepared + steps)
            print(
                f"  {name}, {variants} of 8 variants: direct {STEPS * direct / 3600:,.1f} h; preparation "
                f"{prepared / 3600:.1f} h + steps {steps / 3600:.2f} h, {ratio:.0f} times as fast"
            )


def direct_seconds(stage: int, recipe: TrainConfig, table: Path, weights: Path, folder: Path, triplets: int) -> float:
    """Seconds of a triplet in a direct step, the median of three steps."""
    steps = list(timed_steps(stage, recipe, table, weights, folder, batch=triplets, steps=4, direct=True))
    return statistics.median(steps) / triplets


def cached_seconds(
    stage: int, recipe: TrainConfig, table: Path, weights: Path, folder: Path, options: argparse.Namespace
) -> tuple[float, float]:
    """Seconds to prepare one picture in one variant, and of a step."""
    task = build(stage, table, weights, folder, direct=False)
    start = time.perf_counter()
    task.prepare(torch.device("cpu"))
    prepared = time.perf_counter() - start
    rows = len(task.features)
    steps = list(
        timed_steps(stage, recipe, table, weights, folder, batch=options.batch, steps=options.steps, direct=False)
    )
    return prepared / rows, statistics.median(steps)


def timed_steps(
    stage: int, recipe: TrainConfig, table: Path, weights: Path, folder: Path, *, batch: int, steps: int, direct: bool
) -> Iterator[float]:
    """Seconds between the steps of a run."""
    moments: list[float] = []
    changes = {"iterations": steps, "batch_size": batch, "validate_every": steps, "workers": 0, "device": "cpu"}
    built: list[Task] = []

    def task() -> Task:
        built.append(build(stage, table, weights, folder, direct=direct))
        built[0].publish = lambda *_: ()  # writing 600 MB is no part of a step
        return built[0]

    train(
        task,
        optimizer=recipe.optimizer,
        schedule=recipe.schedule,
        loop=recipe.loop.model_copy(update=changes),
        folder=folder,
        config={},
        on_step=lambda _: moments.append(time.perf_counter()),
    )
    return (later - earlier for earlier, later in pairwise(moments))


def build(stage: int, table: Path, weights: Path, folder: Path, *, direct: bool) -> AFINEStage2Task | AFINEStage3Task:
    model = acutance.load("afine", weights)
    assert isinstance(model, AFINE)
    data = TripletData(sources=(TripletSource(dataset=str(table)),))
    if stage == 2:
        return AFINEStage2Task(AFINEStage2Training(data=data, direct=direct), folder, model)
    return AFINEStage3Task(AFINEStage3Training(data=data, direct=direct), folder, model)


if __name__ == "__main__":
    main()
