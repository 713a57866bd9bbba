"""Rooms that a machine without torch can use."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes.pictures import noise, write_png

ROOMS = ("datasets", "images", "scoring", "stats", "tables", "errors", "extras", "types")
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
