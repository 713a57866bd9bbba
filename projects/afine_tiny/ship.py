"""The weights of afine-tiny as they come with the package.

    python -m projects.afine_tiny.ship stage3 src/acutance/weights/afine-tiny.safetensors

Kernels and matrices are in half precision, all else in float32.
"""

import sys
from pathlib import Path

import torch

from acutance.weights.key_table import COUNTER
from acutance.weights.store import load, save
from projects.afine_tiny.start import MODEL, stage_weights


def ship(start: str, output: Path) -> int:
    """Write the weights of a run; how many bytes they are.

    Args:
        start: Folder of a run of stage 3, or its file of weights.
        output: Where to.

    Raises:
        MissingWeightsError: No such run.
        CheckpointError: Weights of another model.
    """
    tensors, header = load(stage_weights(start), model=MODEL)
    small = {
        name: value.to(torch.float16) if value.ndim > 1 else value
        for name, value in tensors.items()
        if not name.endswith(COUNTER)
    }
    save(
        output,
        small,
        model=MODEL,
        config=header.config,
        source_sha256=None,
        score_info=header.score_info,
        options=header.options,
    )
    return output.stat().st_size


if __name__ == "__main__":
    sys.stdout.write(f"{ship(sys.argv[1], Path(sys.argv[2])):,} bytes\n")
