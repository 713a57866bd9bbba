"""How scoring runs: nothing here changes a score by more than rounding."""

import os
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

MEGABYTE = 1_000_000


class ScoringSettings(BaseModel):
    """Settings of one run."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    batch_size: Annotated[int, Field(ge=1)] | Literal["auto"] = "auto"
    """Pictures of one size scored at once; ``"auto"`` chooses by their size."""
    workers: int = Field(default=min(4, os.cpu_count() or 1), ge=1)
    """Threads that decode ahead."""
    background: str = "white"
    """Colour under transparent pixels."""
    reference_memory: int = Field(default=1000 * MEGABYTE, ge=0)
    """Bytes that kept references may take."""
    decode_memory: int = Field(default=500 * MEGABYTE, ge=0)
    """Bytes of decoded pictures that may wait to be scored."""

    def pictures_per_batch(self, pixels: int, device: str) -> int:
        """How many pictures of this many pixels are scored at once."""
        if self.batch_size != "auto":
            return self.batch_size
        at_once = CPU_PIXELS if device == "cpu" else GPU_PIXELS
        return max(1, min(LARGEST_BATCH, at_once // pixels))


CPU_PIXELS = 800_000
"""Pixels in a batch on a CPU: more leaves its caches without a gain (measured at 512 x 384)."""
GPU_PIXELS = 16_000_000
"""Pixels in a batch on a GPU."""
LARGEST_BATCH = 64
"""Pictures in a batch at most."""
