"""What scoring with a model costs: parameters, multiply-adds, time and memory; random weights tell it as well."""

import json
import statistics
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from acutance.catalog.entries import find_model
from acutance.catalog.loading import build
from acutance.catalog.options import checked_options
from acutance.errors import AcutanceError
from acutance.models.entry import ModelEntry

if TYPE_CHECKING:  # importing acutance must not load torch
    from torch import nn

    from acutance.models.quality_model import QualityModel

SIDES = (224, 512)
"""Height and width of the square pictures that costs are told of."""
LONGEST, MOST, LEAST = 2.0, 20, 3
"""Seconds that a measurement takes, and how often it scores; at least three times, however long that is."""


@dataclass(frozen=True)
class Cost:
    """What a network computes for a picture, or for a picture and its reference."""

    multiply_adds: int
    """Of matrix products and convolutions, biases left out."""
    parts: int
    """Times that the network looks: crops, or sets of patches."""
    part: str
    """What it looks at, such as a crop; nothing where that is the whole picture."""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What a score took in a process of its own."""

    milliseconds: float
    """Median of some runs after a first one."""
    peak_bytes: int | None
    """Memory at its highest: of the process, or of the GPU where that computed; ``None`` where nobody counts it."""
    before_bytes: int | None
    """Of it what Python and PyTorch took before the model was built."""
    device: str
    threads: int
    """Of the CPU."""


def parameters_of(entry: ModelEntry) -> int:
    """Numbers that are learned; 0 for a formula."""
    return sum(parameter.numel() for parameter in _without_numbers(entry).parameters())


def cost_of(entry: ModelEntry, side: int) -> Cost:
    """What its network computes to score one picture, as it does by default.

    Args:
        entry: Of a model with parameters.
        side: Height and width of the picture.
    """
    import torch

    model = _without_numbers(entry)
    picture = torch.empty(1, 3, side, side, device="meta")
    count = multiply_adds(model, picture, picture if entry.needs_reference else None)
    return Cost(count, *model.looks(side, side))


def multiply_adds(network: "nn.Module", *inputs: Any) -> int:  # noqa: ANN401 (whatever it takes)
    """Multiplications with an addition in matrix products and convolutions, by PyTorch's counter.

    Args:
        network: On the device ``meta``, where nothing is computed; a CPU's fused kernels are not counted.
        inputs: On the same.
    """
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    counter = FlopCounterMode(display=False)
    with torch.no_grad(), counter:
        network(*inputs)
    return counter.get_total_flops() // 2


def measure(name: str, side: int) -> Measured:
    """Time and memory of one score, measured in a process of its own with random weights.

    Args:
        name: Of the model.
        side: Height and width of the picture.

    Raises:
        AcutanceError: The process failed.
    """
    command = [sys.executable, "-m", "acutance.catalog.costs", find_model(name).name, str(side)]
    result = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)  # noqa: S603 (a catalogue's name)
    if result.returncode:
        got = (result.stderr.strip().splitlines() or [f"exit status {result.returncode}"])[-1]
        raise AcutanceError(f"Expected to measure {name} at {side} x {side}, got: {got}. Leave --measure out.")
    return Measured(**json.loads(result.stdout))


def measured_here(name: str, side: int) -> Measured:
    """The same in this process, whose memory then counts too."""
    import torch

    before, entry = _peak_of_process(), find_model(name)
    device = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    model = _built(entry).to(device).freeze()
    picture, reference = (torch.rand(1, 3, side, side, device=device) for _ in range(2))
    times: list[float] = []
    began = time.perf_counter()
    with torch.inference_mode():
        while len(times) <= LEAST or (len(times) <= MOST and time.perf_counter() - began < LONGEST):
            start = time.perf_counter()
            float(model(picture, reference if entry.needs_reference else None))  # waits for a GPU
            times.append(time.perf_counter() - start)
    peak = torch.cuda.max_memory_allocated() if device == "cuda" else _peak_of_process()
    return Measured(
        milliseconds=1000 * statistics.median(times[1:]),
        peak_bytes=peak,
        before_bytes=0 if device == "cuda" else before,
        device=device,
        threads=torch.get_num_threads(),
    )


def _built(entry: ModelEntry) -> "QualityModel":
    return build(entry, {}, **checked_options(entry, {}, None)).eval()


def _without_numbers(entry: ModelEntry) -> "QualityModel":
    import torch

    with torch.device("meta"):
        return _built(entry)


def _peak_of_process() -> int | None:
    """Most memory that this process ever held, in bytes.

    Linux's ``getrusage`` counts what the process was before it became another program, so its own file is asked first.
    """
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
        return 1024 * next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
    except (OSError, StopIteration):
        pass
    try:
        import resource
    except ImportError:  # Windows
        return None
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


if __name__ == "__main__":  # python -m acutance.catalog.costs NAME SIDE
    sys.stdout.write(json.dumps(asdict(measured_here(sys.argv[1], int(sys.argv[2])))))
