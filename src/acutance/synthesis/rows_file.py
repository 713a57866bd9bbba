"""Rows of the pictures of a run, added as they are made and found again after a kill."""

from collections.abc import Sequence
from pathlib import Path

from acutance.errors import ConfigError
from acutance.synthesis.picture_files import is_whole
from acutance.synthesis.plan import Plan, items_from
from acutance.tables.append import ResumableFile


class RowsFile(ResumableFile):
    """A JSON lines file of rows, in the order of a plan.

    Args:
        path: Where it lies.
        columns: Names of the fields of a row, in their order.
    """

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        super().__init__(path, columns, "rows of pictures")

    def restore(self, plan: Plan, images: Path) -> None:
        """Keep the rows that an earlier run made of this plan, up to the first whose picture is gone or cut off.

        Args:
            plan: What the rows must be of.
            images: Folder of the pictures.

        Raises:
            ConfigError: A row of another plan, or a file that cannot be read or written.
        """
        if not self.path.exists():
            return
        self.find()
        kept = 0
        for row, item in zip(self.rows(), items_from(plan, 0), strict=False):
            if tuple(row) != self.columns or row["image"] != item.name:
                raise ConfigError(
                    f"Expected row {kept + 1} of {self.path} to be of {item.name}, got another. "
                    "Start anew with --overwrite."
                )
            if row["error"] is None and not is_whole(images / item.name):
                break
            kept += 1
        self.keep(kept)
