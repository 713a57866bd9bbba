"""Options of a run of scoring, declared once: command line, Python functions, checks and documentation follow them."""

import os
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from acutance.errors import ConfigError, UnknownNameError
from acutance.types import PRECISIONS, Precision


class RunOptions(BaseModel):
    """Options of scoring. A field's name is that of the option, its description is the help of the command line."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    precision: Precision = "float32"
    """bfloat16 is faster and a little off."""
    device: str = "auto"
    """auto, cpu, cuda or mps."""
    batch_size: Annotated[int, Field(ge=1)] | Literal["auto"] = "auto"
    """Images of one size scored at once: a number or auto."""
    workers: int | None = Field(default=None, ge=1)
    """Threads that decode ahead."""
    background: str = "white"
    """Colour under transparent pixels."""
    hdr_peak: float | None = None
    """Nits of a display's white to which HDR images (PQ, HLG) are tone-mapped; else they are an error."""
    strict: bool = False
    """Make errors of images that are not read, later frames and lost bits."""
    offline: bool = False
    """Never touch the network."""

    @property
    def decoding_threads(self) -> int:
        """Number of threads that decode ahead; up to four by default."""
        return self.workers or min(4, os.cpu_count() or 1)


def run_options(**chosen: Any) -> RunOptions:  # noqa: ANN401 (the fields of RunOptions)
    """The options, once they are known to fit; ``None`` stands for the default.

    Raises:
        ConfigError: A value out of range, a background that is no colour, or an option that does not exist.
        UnknownNameError: A precision that does not exist.
    """
    from acutance.images.read import reading_settings

    try:
        options = RunOptions(**{name: value for name, value in chosen.items() if value is not None})
    except ValidationError as error:
        name = str(error.errors()[0]["loc"][0])
        if name == "precision":
            raise UnknownNameError("precision", str(chosen[name]), PRECISIONS) from error
        field = RunOptions.model_fields.get(name)
        if field is None:
            known = ", ".join(RunOptions.model_fields)
            raise ConfigError(
                f"Scoring has no option {name} (got {chosen[name]!r}). Its options are {known}."
            ) from error
        limits = "; at least 1" if name in ("batch_size", "workers") else ""
        cure = f"Change it: {(field.description or '').rstrip('.')}{limits}."
        raise ConfigError(f"The option {name} cannot be {chosen[name]!r}. {cure}") from error
    reading_settings(options.background, options.hdr_peak)
    return options
