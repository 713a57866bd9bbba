"""A task of a few numbers: a small network that learns a sum, with dropout, to try the loop with."""

import os
import signal
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from acutance.errors import InputError
from acutance.training.config import CosineSchedule, LoopConfig, OptimizerConfig
from acutance.training.run import Resume, train
from acutance.training.task import Batch, Labels, Outputs, ParameterGroup, Task, TrainedModel
from acutance.types import OnProgress, ScoreInfo

WIDTH = 6


class Toy(nn.Module):
    def __init__(self, dropout: float) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(WIDTH, 16), nn.Tanh(), nn.Dropout(dropout), nn.Linear(16, 1))

    def forward(self, inputs: dict[str, Any]) -> Outputs:
        score: Tensor = self.layers(inputs["values"])[:, 0]
        return {"score": score}


class ToyTask(Task):
    select_by = "mae"
    select: Literal["highest", "lowest"] = "lowest"

    def __init__(
        self,
        *,
        samples: int = 20,
        dropout: float = 0.0,
        gone: int | None = None,
        diverge: bool = False,
        greedy: bool = False,
        pairs: bool = True,
        fault: str = "",
    ) -> None:
        self.network: nn.Module = Toy(dropout)
        self.samples, self.gone, self.diverge, self.greedy, self.pairs = samples, gone, diverge, greedy, pairs
        self.fault, self.steps = fault, 0
        self.epochs: list[int] = []

    def __len__(self) -> int:
        return self.samples

    def groups(self) -> list[ParameterGroup]:
        return [ParameterGroup("all", list(self.network.parameters()))]

    def start_epoch(self, epoch: int) -> None:
        self.epochs.append(epoch)

    def sample(self, index: int, generator: np.random.Generator) -> Mapping[str, Any]:
        if index == self.gone:
            raise InputError(f"Expected sample {index}, got nothing.")
        values = np.random.default_rng(index).normal(size=WIDTH)
        return {"values": values + 0.1 * generator.normal(size=WIDTH), "score": values.sum()}

    def collate(self, samples: Sequence[Mapping[str, Any]]) -> Batch:
        values = torch.tensor(np.stack([sample["values"] for sample in samples]), dtype=torch.float32)
        return Batch({"values": values}, {"score": torch.tensor([float(sample["score"]) for sample in samples])})

    def losses(self, outputs: Outputs, labels: Labels) -> dict[str, Tensor]:
        error = outputs["score"] - labels["score"]
        self.steps += 1
        once = os.environ.get("RANK") == "1" and os.environ.get("TORCHELASTIC_RESTART_COUNT") == "0"
        if self.steps == 3 and (self.fault == "dies" or (self.fault == "dies once" and once)):
            os.kill(os.getpid(), signal.SIGKILL)
        if self.fault == "hangs" and self.steps == 3:
            time.sleep(60)
        if self.diverge:
            error = error / 0.0
        if self.greedy:
            torch.empty(2**60)  # more than any machine has
        if not self.pairs:
            return {"loss": error.abs().mean()}
        ranks = (error[:, None] - error[None, :]).abs().mean()  # over pairs: needs the samples of all processes
        return {"loss": error.abs().mean() + ranks, "l1": error.abs().mean(), "rank": ranks}

    def validate(self, network: nn.Module, on_progress: OnProgress | None = None) -> dict[str, float]:
        if self.fault == "validates long":
            self.fault = ""
            time.sleep(5)
        values = torch.tensor(np.random.default_rng(99).normal(size=(8, WIDTH)), dtype=torch.float32)
        error = (network({"values": values})["score"] - values.sum(1)).abs().mean()
        return {"mae": float(error)}

    def trained(self, network: nn.Module) -> TrainedModel:
        info = ScoreInfo(better="higher", low=-np.inf, high=np.inf)
        return TrainedModel(name="toy", tensors=network.state_dict(), config={}, info=info)

    def publish(self, network: nn.Module, folder: Path) -> Iterable[Path]:
        path = folder / "toy.pth"
        torch.save(network.state_dict(), path)
        return [path]


def run_toy(
    folder: Path,
    *,
    resume: Resume = False,
    overwrite: bool = False,
    task: Mapping[str, Any] | None = None,
    kind: Literal["adamw", "sgd"] = "adamw",
    **loop: Any,
):
    """Train the toy; what is given changes the loop."""
    chosen = LoopConfig(**{"epochs": 4, "batch_size": 4, "workers": 0, "device": "cpu", **loop})
    return train(
        lambda: ToyTask(**(task or {})),
        optimizer=OptimizerConfig(kind=kind, learning_rate=0.01, weight_decay=0.001),
        schedule=CosineSchedule(unit="iteration"),
        loop=chosen,
        folder=folder,
        config={"loop": chosen.model_dump(mode="json")},
        resume=resume,
        overwrite=overwrite,
    )


if __name__ == "__main__" and len(sys.argv) == 2:  # torchrun -m tests.fakes.toy_task FOLDER
    run_toy(Path(sys.argv[1]), batch_size=6, checkpoint_every=1, resume="auto", task={"fault": "dies once"})
elif __name__ == "__main__":  # python -m tests.fakes.toy_task FOLDER PROCESSES BATCH
    run_toy(Path(sys.argv[1]), processes=int(sys.argv[2]), batch_size=int(sys.argv[3]))
