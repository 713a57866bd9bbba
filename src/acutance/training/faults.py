"""The error of training."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from acutance.errors import AcutanceError

_SHORTAGE = ("out of memory", "not enough memory", "can't allocate", "no space left on device")


class TrainingError(AcutanceError, RuntimeError):
    """A training that cannot begin or go on; what it wrote before is whole."""


@contextmanager
def named_faults(folder: Path) -> Iterator[None]:
    """Turns a full disk and too little memory into one line each.

    Args:
        folder: Where the training writes, for the message.
    """
    try:
        yield
    except TrainingError:
        raise
    except OSError as error:
        raise TrainingError(
            f"Expected to write to {folder}, got: {error.strerror or error}. Make room and go on with --resume; the "
            "last checkpoint is whole."
        ) from error
    except (MemoryError, RuntimeError) as error:
        words = " ".join(str(error).split())
        if not isinstance(error, MemoryError) and not any(word in words.lower() for word in _SHORTAGE):
            raise
        raise TrainingError(
            f"Expected enough memory for a step, got: {words[:200] or 'not enough'}. Lower loop.batch_size or raise "
            "loop.accumulate, and go on with --resume."
        ) from error
