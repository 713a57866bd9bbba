"""Train a stage of afine-tiny by the package's trainer, with all options of ``acutance train``.

python -m projects.afine_tiny.train                                   the stages
python -m projects.afine_tiny.train stage1 -o runs/stage1 --set task.start=runs/pretrain
python -m projects.afine_tiny.train runs/stage1 --resume
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from acutance.cli.app import app
from projects.afine_tiny.recipes import RECIPES


def main(words: Sequence[str]) -> None:
    """Run ``acutance train`` on a stage.

    Args:
        words: Name of a stage, or the folder of a run; then options.
    """
    if not words:
        sys.stdout.writelines(f"{name:10}{each.trains}; of {each.data}\n" for name, each in RECIPES.items())
        return
    name, *options = words
    name = name.removeprefix("afine-tiny-")
    if name not in RECIPES:
        app(["train", *words])
        return
    with TemporaryDirectory() as folder:  # a recipe that is not the package's is given as a file
        path = Path(folder) / "config.json"
        path.write_text(RECIPES[name].config().model_dump_json(), encoding="utf-8")
        app(["train", str(path), *options])


if __name__ == "__main__":
    main(sys.argv[1:])
