import subprocess
import sys


def test_the_whole_room_loads_neither_torch_nor_a_downloader() -> None:
    code = (
        "import importlib, pkgutil, sys, acutance.weights as room\n"
        "for module in pkgutil.iter_modules(room.__path__, 'acutance.weights.'):\n"
        "    importlib.import_module(module.name)\n"
        "print(sorted({'torch', 'numpy', 'huggingface_hub', 'safetensors'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
