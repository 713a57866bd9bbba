"""Models built without numbers: weights checked against them, what settings alone decide, what a score costs."""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from acutance.catalog import build, find_model, list_models, load, model_of_run, recorded_options, run_weights
from acutance.errors import AcutanceError, ConfigError
from acutance.models.entry import ModelEntry, PublishedWeights, checked_options, imported, weights_of, with_recorded
from acutance.models.patches import SeenPatches
from acutance.models.weights_file import (
    WeightsFile,
    backbone_tensors,
    find_backbones,
    open_parts,
    open_weights,
    own_tensors,
)
from acutance.types import JSON, OnProgress, ScoreInfo
from acutance.weights.download import find
from acutance.weights.record import Backbone

if TYPE_CHECKING:
    from torch import Tensor, nn

    from acutance.models.quality_model import QualityModel


ANCHOR_SIDE = 224
"""Height and width of the pair whose score is published."""
ANCHOR_TOLERANCE = 1e-3
"""Largest difference from that score: the order of sums makes up to 1e-4, a wrong tensor whole points."""


@dataclass(frozen=True, kw_only=True)
class ReadWeights:
    """Weights that were read, and what is stored beside them."""

    weights: PublishedWeights
    """What the catalogue says of them."""
    config: "dict[str, JSON]"
    """What the model is built with to take them."""
    tensors: "dict[str, Tensor]"
    """By own names."""
    backbones: dict[str, Path]
    """Files that backbones came from, by name of their records."""
    score_info: ScoreInfo | None
    """How to read the scores, where the file says it."""
    options: dict[str, object] | None
    """Options of the model that the training validated with, where the file says it."""
    layout: str
    """Whose way of filing it is, or that it is ours."""


def read_weights(
    name: str, path: Path, *, whole: bool, offline: bool = False, on_progress: OnProgress | None = None
) -> ReadWeights:
    """The tensors of a file of weights of a model.

    Args:
        whole: Whether to bring the backbones that the file leaves out; without them only the file is checked.
        on_progress: Called with bytes done and bytes in all during a download.

    Raises:
        CheckpointError: A damaged file, or names or shapes that do not fit.
        MissingWeightsError: A backbone is neither here nor to be had.
    """
    entry = find_model(name)
    file = open_weights(weights_of(entry), path)
    model = _without_numbers(entry, file)
    expected = model.state_dict()
    tensors = own_tensors(file, expected)
    backbones = find_backbones(file.backbones, offline=offline, on_progress=on_progress) if whole else {}
    for backbone in file.backbones if whole else ():
        tensors |= backbone_tensors(backbone, backbones[backbone.record.name], expected)
    layout = file.layout.name if file.layout else "acutance"
    return ReadWeights(
        weights=weights_of(entry),
        config=model.config(),
        tensors=tensors,
        backbones=backbones,
        score_info=file.score_info,
        options=file.options,
        layout=layout,
    )


def without_weights(
    name: str,
    weights: str | os.PathLike[str] | None = None,
    options: Mapping[str, Mapping[str, Any]] | None = None,
) -> "tuple[ModelEntry, QualityModel]":
    """A model with the settings that it scores by, and no numbers in its network.

    Args:
        name: Of a model, or the folder of a training.
        weights: A file, whose settings hold; by default the one on this machine. There need be none.
        options: Options by model, names as the catalogue writes them.

    Raises:
        UnknownNameError: No such model or option.
        ConfigError: An option that does not fit, or one of another model.
        CheckpointError: Weights that are missing, damaged or of another model.
    """
    if weights is None and (trained := run_weights(name)):
        name, weights = model_of_run(trained), trained
    entry, options = find_model(name), options or {}
    if strays := sorted(set(options) - {entry.name}):
        raise ConfigError(f"Expected options of {entry.name} only, got some of {strays[0]}. Leave them out.")
    recorded = recorded_options(entry, weights)
    known = checked_options(entry, options.get(entry.name, {}), recorded)
    if recorded is not None:
        known, _ = with_recorded(known, recorded)
    file = None
    if entry.weights is not None:
        path = find(entry.weights.record) if weights is None else Path(weights)
        file = None if path is None else open_weights(entry.weights, path)
    elif weights is not None:
        raise ConfigError(f"Expected no weights for {entry.name}, which has none, got {weights}. Leave them out.")
    return entry, _without_numbers(entry, file, known)


@dataclass(frozen=True, kw_only=True)
class LookedAt:
    """The parts of an image that a model looks at."""

    model: str
    """Its name in the catalogue."""
    preprocessing: "dict[str, JSON]"
    """How it looks, as the provenance of a score says it."""
    patches: SeenPatches


def looked_at(
    name: str,
    image: NDArray[Any],
    reference: NDArray[Any] | None = None,
    weights: str | os.PathLike[str] | None = None,
    options: Mapping[str, Mapping[str, Any]] | None = None,
) -> LookedAt:
    """Find the patches or crops of an image that a score depends on, with the settings of the model.

    Args:
        name: Of a model, or the folder of a training.
        image: The image, from ``read_image``.
        reference: Its reference, for models that look where the two differ.

    Raises:
        ConfigError: A model that sees images whole, or an option that does not fit.
        InputError: A reference is missing, or of another size.
    """
    from acutance.layers.images import to_batch
    from acutance.models.quality_model import LooksAtPatches

    entry, model = without_weights(name, weights, options)
    if not isinstance(model, LooksAtPatches):
        raise ConfigError(
            f"Expected a model that looks at patches or crops, got {entry.name}, which sees images whole. Choose "
            "ahiq, hyperiqa, ms_hyperiqa or one of vtamiq."
        )
    batches = [to_batch([pixels]) for pixels in (image, reference) if pixels is not None]
    return LookedAt(model=entry.name, preprocessing=model.preprocessing(), patches=model.seen_patches(*batches))


@dataclass(frozen=True, slots=True)
class AnchorCheck:
    """Score of a pair of images by some weights, beside that of the published ones."""

    got: float
    wanted: float

    @property
    def ok(self) -> bool:
        """Whether they differ by no more than the order of sums on another processor makes."""
        return abs(self.got - self.wanted) <= ANCHOR_TOLERANCE


def check_anchor(name: str, path: Path) -> AnchorCheck | None:
    """Score the pair whose published score is known; ``None`` for weights without one, and for trainings of ours.

    Raises:
        CheckpointError: A damaged file, or one of another model.
    """
    import torch

    entry = next((entry for entry in list_models() if entry.weights and entry.weights.record.name == name), None)
    weights = entry.weights if entry else None
    if entry is None or weights is None or weights.anchor is None or open_weights(weights, path).trained_here:
        return None
    with torch.inference_mode():
        return AnchorCheck(float(load(entry.name, path)(*anchor_pair())), weights.anchor)


def anchor_pair() -> "tuple[Tensor, Tensor]":
    """Distorted and reference, (1, 3, 224, 224): N numbers that rise from 0, by 1 / (N - 1) and by 1 / N."""
    import torch

    count = 3 * ANCHOR_SIDE * ANCHOR_SIDE
    numbers = torch.arange(count, dtype=torch.float32)
    first, second = (numbers.div(most).view(1, 3, ANCHOR_SIDE, ANCHOR_SIDE) for most in (count - 1, count))
    return first, second


def read_stage_files(name: str, places: Sequence[Path]) -> ReadWeights:
    """The tensors of a model that was trained in stages, of the files that these left.

    Args:
        places: Folders, and single files, which go before those of folders.

    Returns:
        ``backbones`` are the files, by the names that they are released under.

    Raises:
        CheckpointError: A damaged file, names or shapes that do not fit, or several files of one name.
        MissingWeightsError: A file that is not there.
        ConfigError: A model whose weights are one file.
    """
    entry = find_model(name)
    weights = weights_of(entry)
    if weights.read_parts is None:
        raise ConfigError(f"Expected a model that is trained in stages, got {name}. Take afine or one of its halves.")
    file = open_parts(weights, places, Path(name))
    model = _without_numbers(entry, file)
    return ReadWeights(
        weights=weights,
        config=model.config(),
        tensors=own_tensors(file, model.state_dict()),
        backbones={part.name: part.path for part in file.parts if part.path},
        score_info=None,
        options=None,
        layout="stages",
    )


def check_backbone(name: str, path: Path) -> None:
    """Raise unless a file holds every tensor of a backbone.

    Raises:
        CheckpointError: A damaged file, or names or shapes that do not fit.
    """
    for entry, backbone in _backbones():
        if backbone.record.name == name:
            backbone_tensors(backbone, path, _without_numbers(entry).state_dict())
            return
    for entry in list_models():
        if entry.weights and name in [record.name for record in entry.weights.starts]:
            imported(entry.weights.check_start)(path, name)
            return


def _backbones() -> list[tuple[ModelEntry, Backbone]]:
    return [
        (entry, backbone)
        for entry in list_models()
        if entry.weights is not None
        for layout in entry.weights.layouts
        for backbone in layout.backbones
    ]


def _without_numbers(
    entry: ModelEntry, file: WeightsFile | None = None, options: Mapping[str, Any] | None = None
) -> "QualityModel":
    import torch

    with torch.device("meta"):
        return build(entry, file.config if file else {}, **(options or {})).eval()


SIDES = (224, 512)
"""Height and width of the square images that costs are told of."""
LONGEST, MOST, LEAST = 2.0, 20, 3
"""Seconds that a measurement takes, and how often it scores; at least three times, however long that is."""


@dataclass(frozen=True)
class Cost:
    """Computation of a network for an image, or for an image and its reference."""

    multiply_adds: int
    """Of matrix products and convolutions, biases left out."""
    parts: int
    """Times that the network looks: crops, or sets of patches."""
    part: str
    """What it looks at, such as a crop; nothing where that is the whole image."""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """Time and memory of a score, measured in a process of its own."""

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
    """Computation of a model's network for one image, by its defaults.

    Args:
        side: Height and width of the image.
    """
    import torch

    model = _without_numbers(entry)
    image = torch.empty(1, 3, side, side, device="meta")
    count = multiply_adds(model, image, image if entry.needs_reference else None)
    return Cost(count, *model.looks(side, side))


def multiply_adds(network: "nn.Module", *inputs: Any) -> int:  # noqa: ANN401 (whatever it takes)
    """Multiplications with an addition in matrix products and convolutions, by PyTorch's counter.

    Args:
        network: On the device ``meta``, where nothing is computed; a CPU's fused kernels are not counted.
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
        side: Height and width of the image.

    Raises:
        AcutanceError: The process failed.
    """
    command = [sys.executable, "-m", "acutance.inspection", find_model(name).name, str(side)]
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
    model = build(entry, {}).to(device).freeze()
    image, reference = (torch.rand(1, 3, side, side, device=device) for _ in range(2))
    times: list[float] = []
    began = time.perf_counter()
    with torch.inference_mode():
        while len(times) <= LEAST or (len(times) <= MOST and time.perf_counter() - began < LONGEST):
            start = time.perf_counter()
            float(model(image, reference if entry.needs_reference else None))  # waits for a GPU
            times.append(time.perf_counter() - start)
    peak = torch.cuda.max_memory_allocated() if device == "cuda" else _peak_of_process()
    return Measured(
        milliseconds=1000 * statistics.median(times[1:]),
        peak_bytes=peak,
        before_bytes=0 if device == "cuda" else before,
        device=device,
        threads=torch.get_num_threads(),
    )


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


if __name__ == "__main__":  # python -m acutance.inspection NAME SIDE
    sys.stdout.write(json.dumps(asdict(measured_here(sys.argv[1], int(sys.argv[2])))))
