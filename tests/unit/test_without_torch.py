"""Rooms that a machine without torch can use."""

import subprocess
import sys

import pytest

ROOMS = ("datasets", "stats", "tables", "errors", "extras", "types")
IMPORT_ALL = """
import importlib, pkgutil, sys

class NoTorch:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("torch", "torchvision"):
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, NoTorch())  # not None in sys.modules, at which scipy stumbles
room = importlib.import_module("acutance.{room}")
for module in pkgutil.walk_packages(getattr(room, "__path__", []), room.__name__ + "."):
    importlib.import_module(module.name)
"""


@pytest.mark.parametrize("room", ROOMS)
def test_every_module_of_the_room_is_imported_without_torch(room: str):
    subprocess.run([sys.executable, "-c", IMPORT_ALL.format(room=room)], check=True)
