"""A full disk, too little memory and a process that is gone, each as one line."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from acutance.errors import AcutanceError, OtherProcessError, TrainingError

_CUT_SHORT = ("unexpected pos", "iostream error")
"""What ``torch.save`` says when a disk is full, of which it does not tell."""
_LOST = ("gloo", "nccl", "connection closed by peer", "connection reset by peer")
_SHORTAGE = ("out of memory", "not enough memory", "can't allocate", "no space left on device", "dataloader worker")


@contextmanager
def friendly_errors(folder: Path) -> Iterator[None]:
    """Turns a full disk, too little memory and a process that is gone into one line each.

    Args:
        folder: Where the training writes, for the message.
    """
    try:
        with friendly_losses():
            yield
    except AcutanceError:  # says already what is wrong, even where it is an OSError too
        raise
    except OSError as error:
        raise _unwritten(folder, error.strerror or str(error)) from error
    except (MemoryError, RuntimeError) as error:
        words = " ".join(str(error).split())
        if any(word in words for word in _CUT_SHORT):
            raise _unwritten(folder, "a file that was cut short, as on a full disk") from error
        if not isinstance(error, MemoryError) and not any(word in words.lower() for word in _SHORTAGE):
            raise
        raise TrainingError(
            f"Expected enough memory for a step, got: {words[:200] or 'not enough'}. Go on with --resume and more "
            "parts of a step, --set loop.accumulate=8, or fewer loop.workers; or begin anew with a smaller "
            "loop.batch_size."
        ) from error


@contextmanager
def friendly_losses() -> Iterator[None]:
    """Turns a process that is gone, or does not answer, into one line."""
    try:
        yield
    except AcutanceError:
        raise
    except RuntimeError as error:
        words = str(error).lower()
        if not any(word in words for word in _LOST):
            raise
        got = (
            "one that does not answer; loop.timeout says for how many seconds to wait"
            if "timed out" in words or "timeout" in words
            else "one that stopped"
        )
        raise OtherProcessError(
            f"Expected all processes to train to the end, got {got}. See what it says; go on with --resume."
        ) from error


def _unwritten(folder: Path, got: str) -> TrainingError:
    return TrainingError(
        f"Expected to write to {folder}, got: {got}. Make room and go on with --resume; the last checkpoint is whole."
    )
