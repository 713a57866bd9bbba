"""Optional packages: imported when needed, with the cure in the error."""

import importlib
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
            f"Expected the package {package.partition('.')[0]}, which is not installed. "
            f'Do: pip install "acutance[{extra}]"'
        ) from error
