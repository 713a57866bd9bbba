"""huggingface_hub without its own progress bars and warnings: numbers go to a callback instead."""

import contextlib
import errno
import inspect
import logging
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, cast

from acutance.types import OnProgress

ATTEMPTS = 3
"""How often a download is tried in all; older huggingface_hub gives up at the first broken connection."""


def download_silently(
    repository: str,
    filename: str,
    *,
    size_bytes: int | None,
    on_progress: OnProgress | None,
    endpoint: str | None,
) -> Path:
    """The path in the cache of a file that huggingface_hub has downloaded.

    Args:
        repository: Hugging Face repository, ``owner/name``.
        filename: Path of the file in it.
        size_bytes: Size that the hub states, for the callback.
        on_progress: Called with bytes done and bytes in all; last with both equal.
        endpoint: Address of another hub.
    """
    import huggingface_hub

    options: dict[str, Any] = {"endpoint": endpoint}
    with contextlib.ExitStack() as stack:
        if "tqdm_class" in inspect.signature(huggingface_hub.hf_hub_download).parameters:
            options["tqdm_class"] = progress_class(size_bytes, on_progress)
        else:  # older versions take none: numbers for the two ends only
            stack.enter_context(_no_bars())
            if on_progress and size_bytes:
                on_progress(0, size_bytes)
        path = _persistently(partial(huggingface_hub.hf_hub_download, repository, filename, **options))
    if on_progress:
        size = path.stat().st_size
        on_progress(size, size)
    return path


def progress_class(size_bytes: int | None, on_progress: OnProgress | None) -> type:
    """A stand-in for tqdm that draws nothing and passes the numbers on.

    Args:
        size_bytes: Bytes in all; ``None`` takes what the bar is told.
        on_progress: Called with bytes done and bytes in all, always growing, also where huggingface_hub
            opens a second bar or starts again.
    """

    class Progress:
        highest = 0  # shared by all bars of one download

        def __init__(self, *_: object, total: float | None = None, initial: float = 0, **__: object) -> None:
            self.total = total
            self.n = initial

        def __enter__(self) -> "Progress":
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def update(self, n: float | None = 1) -> None:
            self.n += n or 0
            total = size_bytes or int(self.total or 0)
            if on_progress and total >= self.n > Progress.highest:
                Progress.highest = int(self.n)
                on_progress(Progress.highest, total)

        def ignore(self, *_: object, **__: object) -> None:
            pass

        update_transfer = set_transfer_postfix_str = set_postfix_str = set_description = ignore
        refresh = close = ignore

    return Progress


def network_errors() -> tuple[type[Exception], ...]:
    """Whatever huggingface_hub, its http library (requests, httpx or httpx2) or the disk may raise."""
    from huggingface_hub.errors import HfHubHTTPError

    # The bases of this error are the bases of all errors of the http library in use.
    return OSError, *cast("tuple[type[Exception], ...]", HfHubHTTPError.__bases__)


@contextlib.contextmanager
def silent_log() -> Iterator[None]:
    """Keep huggingface_hub from writing warnings to stderr: what matters is raised, or tried again."""
    hub = logging.getLogger("huggingface_hub")
    level = hub.level
    hub.setLevel(logging.ERROR)
    try:
        yield
    finally:
        hub.setLevel(level)


def _persistently(download: Callable[[], str]) -> Path:
    """The path that ``download`` gives, tried again while nothing but the connection fails."""
    for _ in range(ATTEMPTS - 1):
        try:
            return Path(download())
        except network_errors() as error:
            answered = getattr(error, "response", None) is not None
            if answered or getattr(error, "errno", None) == errno.ENOSPC:
                raise
    return Path(download())


@contextlib.contextmanager
def _no_bars() -> Iterator[None]:
    from huggingface_hub import utils

    if utils.are_progress_bars_disabled():  # type: ignore[attr-defined]
        yield
        return
    utils.disable_progress_bars()  # type: ignore[attr-defined]
    try:
        yield
    finally:
        utils.enable_progress_bars()  # type: ignore[attr-defined]
