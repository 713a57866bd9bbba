"""Optional packages: imported when needed, with the cure in the error."""

import importlib
import importlib.metadata
import shutil
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from types import ModuleType

from acutance.errors import MissingExtraError


def require(package: str, *, extra: str) -> ModuleType:
    """The imported optional package.

    Args:
        package: Name to import, such as ``"pyarrow.parquet"``.
        extra: The extra of acutance that brings it.

    Raises:
        MissingExtraError: If it is not installed; the message says which ``pip install`` brings it.
    """
    try:
        return importlib.import_module(package)
    except ImportError as error:
        raise MissingExtraError(
            f"Expected the package {package.partition('.')[0]}, which is not installed. Do: {install_command(extra)}"
        ) from error


def install_command(extra: str) -> str:
    """The command that installs the packages of an extra into the Python that runs now.

    It names the packages and not ``acutance[extra]``, so that it works wherever acutance itself came from: a checkout,
    an editable install or a wheel.

    Example:
        >>> install_command("parquet").partition(" install ")[2]
        '"pyarrow>=15"'
    """
    pip = shutil.which("pip")
    is_ours = pip is not None and Path(pip).absolute().parent == Path(sys.executable).absolute().parent
    program = (
        "pip" if is_ours else f'"{sys.executable}" -m pip' if " " in sys.executable else f"{sys.executable} -m pip"
    )
    return " ".join([program, "install", *(f'"{one}"' for one in requirements(extra))])


def requirements(extra: str) -> list[str]:
    """The packages of an extra with their versions, from the metadata that acutance was installed with."""
    try:
        lines = importlib.metadata.requires("acutance") or []
    except importlib.metadata.PackageNotFoundError:  # a source tree on PYTHONPATH
        return [f"acutance[{extra}]"]
    stated = (line.partition(";") for line in lines)
    return [
        package.strip()
        for package, _, marker in stated
        if marker.replace('"', "'").split() == ["extra", "==", f"'{extra}'"]
    ]


def installed_versions(packages: Iterable[str]) -> dict[str, str]:
    """The version of each package that is installed, for provenance; acutance's own needs no installation."""
    found = {}
    for name in packages:
        with suppress(importlib.metadata.PackageNotFoundError):
            own = importlib.import_module(name).__version__ if name == "acutance" else None
            found[name] = own or importlib.metadata.version(name)
    return found
