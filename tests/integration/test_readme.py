"""What the README tells a newcomer to type does work."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

README = (Path(__file__).parents[2] / "README.md").read_text()
SHELL = [
    line.split(" #")[0].strip()
    for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    for line in block.splitlines()
    if line.startswith("acutance ")
]
PYTHON = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, weights_folder: Path) -> Path:
    """A folder with everything that the README names."""
    folder = tmp_path_factory.mktemp("desk")
    generator = np.random.default_rng(0)
    truth = np.kron(generator.integers(0, 200, (18, 18, 3)), np.ones((10, 10, 1))).astype(np.uint8)
    noisy = truth + generator.integers(0, 40, truth.shape, dtype=np.uint8)
    for name in ("truth.png", "truth/a.png", "truth/b.png"):
        save(folder / name, truth)
    for name in ("out.png", "photo.jpg", "photos/a.png", "outputs/a.png", "outputs/b.png"):
        save(folder / name, noisy)
    for number in range(10):
        save(folder / f"pristine/{number}.png", np.roll(truth, 10 * number, axis=0))
    for method, name in (("swinir", "a"), ("swinir", "b"), ("ours", "a"), ("ours", "b")):
        save(folder / method / f"{name}.png", np.roll(noisy, len(method), axis=1))
    (folder / "pairs.csv").write_text("image,reference\nout.png,truth.png\n")
    for file in weights_folder.iterdir():
        (folder / file.name).symlink_to(file)
    return folder


def test_every_line_and_program_of_the_readme_is_found():
    assert len(SHELL) == 22
    assert len(PYTHON) == 1


def test_the_commands_of_the_readme_run_one_after_the_other(desk: Path):
    environment = {**os.environ, "ACUTANCE_WEIGHTS": str(desk), "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin"}
    for line in SHELL:
        result = subprocess.run(["sh", "-c", line], cwd=desk, env=environment, capture_output=True, text=True)
        assert result.returncode == 0, f"{line}\n{result.stderr}"
        assert result.stdout


def test_the_program_of_the_readme_runs(desk: Path):
    program = "import torch\nrestored = truth = torch.rand(2, 3, 40, 70)\n" + PYTHON[0]
    result = subprocess.run([sys.executable, "-c", program], cwd=desk, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert "psnr" in result.stdout


def save(path: Path, pixels: np.ndarray) -> None:
    path.parent.mkdir(exist_ok=True)
    Image.fromarray(pixels).save(path)
