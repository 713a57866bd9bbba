"""How scoring runs: nothing here but how pictures are read changes a score by more than rounding."""

import os
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from acutance.errors import ConfigError
from acutance.images.read import reading_settings

MEGABYTE = 1_000_000
CPU_PIXELS = 800_000
"""Pixels in a batch on a CPU: more leaves its caches without a gain (measured at 512 x 384)."""
GPU_PIXELS = 16_000_000
"""Pixels in a batch on a GPU."""
LARGEST_BATCH = 64
"""Pictures in a batch at most."""
_WANTED = {
    "batch_size": "a batch size above 0 or 'auto'",
    "workers": "a number of workers above 0",
    "reference_memory": "a number of bytes, 0 or more",
    "decode_memory": "a number of bytes, 0 or more",
    "hdr_peak": "a number of nits",
    "strict": "True or False",
}


class ScoringSettings(BaseModel):
    """Settings of one run."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    batch_size: Annotated[int, Field(ge=1)] | Literal["auto"] = "auto"
    """Pictures of one size scored at once; ``"auto"`` chooses by their size."""
    workers: int = Field(default=min(4, os.cpu_count() or 1), ge=1)
    """Threads that decode ahead."""
    background: str = "white"
    """Colour under transparent pixels."""
    hdr_peak: float | None = None
    """Nits of the display to which HDR pictures are brought; without it they are an error."""
    strict: bool = False
    """Whether pictures that are not read, later frames and bits that cannot be had are errors, not remarks."""
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


def checked_settings(**chosen: Any) -> ScoringSettings:  # noqa: ANN401 (the fields of ScoringSettings)
    """The settings, what is ``None`` or left out by default.

    Raises:
        ConfigError: A value out of range, or a background that is no colour.
    """
    try:
        settings = ScoringSettings(**{name: value for name, value in chosen.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        wanted = _WANTED.get(name, f"a setting {name} that fits")
        raise ConfigError(f"Expected {wanted}, got {chosen[name]!r}. Change {name}.") from error
    reading_settings(settings.background, settings.hdr_peak)
    return settings
