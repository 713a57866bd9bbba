"""Small folders in the layouts that users of HyperIQA's and MS-HyperIQA's programs have."""

import itertools
import json
from pathlib import Path

import numpy as np
import torch
import torchvision
from PIL import Image
from scipy.ndimage import gaussian_filter

from tests.fakes.datasets.files import cell_array, write_images, write_mat

TEST_SETS = ("koniq_test", "spaq_test", "kadid_test", "agiqa_test")
"""Of MS-HyperIQA, by the names of its lists."""
TRAINING, TESTING = 10, 3
"""Images of a list."""
SIZE = (226, 230)
TINY = (
    "task.start=none",
    "task.model.trunk_blocks=[1,1,1,1]",
    "task.model.trunk_channels=[4,8,12,16]",
    "task.model.resize=null",
    "task.crops=1",
    "task.validation_crops=1",
    "loop.epochs=1",
    "loop.workers=0",
    "loop.device=cpu",
)
"""What makes a training a matter of a second."""


def with_tiny(words: list[str], *more: str) -> list[str]:
    """A command that trains, with what makes it tiny where it does not say something else itself."""
    given = {after.partition("=")[0] for word, after in itertools.pairwise(words) if word == "--set"}
    added = [setting for setting in (*TINY, *more) if setting.partition("=")[0] not in given]
    return [*words, *(word for setting in added for word in ("--set", setting))]


def write_picture(path: Path, seed: int) -> None:
    random = np.random.default_rng(seed)
    pixels = gaussian_filter(random.uniform(0, 255, (*SIZE, 3)), (random.uniform(0, 4),) * 2 + (0,))
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.rint(pixels).astype(np.uint8)).save(path)


def write_metas(root: Path) -> None:
    """``datasets/``: a list to train with and four to test on, and their images; some scores are texts."""
    for number, name in enumerate(("koniq_train", *TEST_SETS)):
        items: list[dict[str, object]] = []
        for index in range(TRAINING if name.endswith("train") else TESTING):
            image = f"{name.partition('_')[0]}/images/{name}_{index}.png"
            write_picture(root / image, 100 * number + index)
            score = 20 + 3.5 * ((7 * index) % 20)
            items.append({"image": image, "score": str(score) if index == 2 else score})
        path = root / f"metas/{name}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(items))


def write_theirs(folder: Path, *, better: float = 0.0) -> None:
    """``metrics.json`` and ``eval_results.json`` as MS-HyperIQA's programs write them."""
    epochs = [
        {
            "epoch": epoch,
            "train_loss": 20 / epoch,
            "train_l1_loss": 19 / epoch,
            "train_rank_loss": 3 / epoch,
            "train_srcc": 0.1 * epoch,
            "val_srcc": float("nan") if epoch == 1 else 0.1 * epoch + better,
            "val_plcc": 0.1 * epoch + better,
        }
        for epoch in range(1, 5)
    ]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "metrics.json").write_text(json.dumps({"epochs": epochs}, indent=2))
    predictions = [
        {"image": f"koniq/{place}.jpg", "predicted": 50.0 + place, "ground_truth": 40.0 + place * place}
        for place in range(12)
    ]
    entry = {"metrics": {"srcc": 1.0 - better, "plcc": 0.95, "num_samples": 12}, "predictions": predictions}
    results = {
        "model_path": "/home/them/checkpoints/best_model.pkl",
        "model_type": "MS-HyperIQA",
        "eval_time": "2024-12-24 10:30:00",
        "patch_num": 25,
        "datasets": {"koniq_test": entry, "spaq_test": entry},
    }
    (folder / "eval_results.json").write_text(json.dumps(results, indent=2))


def write_resnet50(path: Path) -> torch.Tensor:
    """ResNet-50 in torchvision's layout with random numbers; its first convolution."""
    torch.manual_seed(1)
    state = torchvision.models.resnet50(weights=None).state_dict()
    torch.save(state, path)
    first: torch.Tensor = state["conv1.weight"]
    return first


def write_livec(root: Path, count: int = 15) -> None:
    """LIVE Challenge in its layout, with seven images of the training session before the rated ones."""
    training = [f"t{number}.bmp" for number in range(1, 8)]
    names = [*training, *(f"{number}.bmp" for number in range(1, count + 1))]
    write_images(root / "Images/trainingImages", training)
    for number, name in enumerate(names[7:]):
        write_picture(root / "Images" / name, number)
    scores = np.array([20 + (7 * number) % 60 for number in range(len(names))], dtype=float)
    write_mat(root / "Data/AllImages_release.mat", {"AllImages_release": cell_array(names, is_column=True)})
    write_mat(root / "Data/AllMOS_release.mat", {"AllMOS_release": scores[None]})
    write_mat(root / "Data/AllStdDev_release.mat", {"AllStdDev_release": scores[None] / 4})
