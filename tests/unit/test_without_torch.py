"""Rooms that a machine without torch can use."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes.pictures import noise, write_png

ROOMS = (
    *("comparison", "datasets", "distortions", "evaluation", "images", "scoring", "stats", "synthesis", "tables"),
    *("errors", "extras", "types"),
)
NO_TORCH = """
import importlib, pkgutil, sys

class NoTorch:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("torch", "torchvision"):
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, NoTorch())  # not None in sys.modules, at which scipy stumbles
"""
IMPORT_ALL = """
room = importlib.import_module("acutance.{room}")
for module in pkgutil.walk_packages(getattr(room, "__path__", []), room.__name__ + "."):
    importlib.import_module(module.name)
"""


@pytest.mark.parametrize("room", ROOMS)
def test_every_module_of_the_room_is_imported_without_torch(room: str):
    subprocess.run([sys.executable, "-c", NO_TORCH + IMPORT_ALL.format(room=room)], check=True)


def test_images_and_arrays_are_read_without_torch(tmp_path: Path):
    pixels = noise((4, 6, 3))
    write_png(tmp_path / "a.png", pixels)
    code = f"""
import acutance, numpy
from acutance.images import read_image
pixels = read_image({str(tmp_path / "a.png")!r})
assert numpy.array_equal(read_image(pixels), pixels) and pixels.tolist() == {pixels.tolist()}
"""
    subprocess.run([sys.executable, "-c", NO_TORCH + code], check=True)


def run_without_torch(folder: Path, *arguments: str) -> str:
    """What the command writes to stdout in that folder."""
    code = f"""
from acutance.cli.app import main
sys.argv = {["acutance", *arguments]!r}
main()
"""
    command = [sys.executable, "-c", NO_TORCH + code]
    return subprocess.run(command, check=True, cwd=folder, capture_output=True, text=True).stdout


@pytest.mark.slow
def test_methods_are_compared_and_drawn_from_a_file_of_scores_without_torch(tmp_path: Path):
    lines = [
        f"{method}/{index}.png,psnr,{score + index}\n" for method, score in (("a", 30), ("b", 20)) for index in range(9)
    ]
    (tmp_path / "s.csv").write_text("image,model,score\n" + "".join(lines))
    for name in ("a/0.png", "b/0.png"):
        (tmp_path / name).parent.mkdir()
        write_png(tmp_path / name, noise((24, 24, 3)))
    options = ("--scores", "s.csv", "-o", "out", "--report", "out/page.html", "--plots", "--draws", "20")
    assert "best* 34.0000" in run_without_torch(tmp_path, "compare", "a", "b", *options)
    run_without_torch(tmp_path, "plot", "compare", "out", "-o", "drawn.png")
    assert (tmp_path / "drawn.png").exists()


@pytest.mark.slow
@pytest.mark.parametrize("workers", ["1", "2"])
def test_images_are_distorted_without_torch(tmp_path: Path, workers: str):
    write_png(tmp_path / "x.png", noise((24, 24, 3)))
    told = run_without_torch(tmp_path, "data", "distort", "x.png", "-o", "out", "--types", "jpeg", "--workers", workers)
    assert told == "out/table.csv (5 rows)\n"
