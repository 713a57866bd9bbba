"""Small PIPAL, PieAPP, DiffIQA and SRIQA-Bench."""

from pathlib import Path

from tests.fakes.datasets.files import write_images, write_lines

SRIQA_METHODS = (
    "SwinIRx4",
    "RealESRNetx4",
    "RealESRGANx4",
    "BSRGANx4",
    "HGGTx4",
    "StableSRx4",
    "SUPIRx4",
    "SeeSRx4",
    "SinSRx4",
    "OSEDiffx4",
    "Original",
)


def write_pipal(root: Path) -> None:
    """Two rated references with three images each; two images of the validation part without scores."""
    names = [f"{scene}_{rest}.bmp" for scene in ("A0000", "A0199") for rest in ("00_00", "03_11", "06_02")]
    write_images(root / "Train_Ref", ["A0000.bmp", "A0199.bmp"])
    write_images(root / "Train_Dist", names)
    for scene in ("A0000", "A0199"):
        lines = [f"{name},{1400.25 + 10 * k}" for k, name in enumerate(names) if name.startswith(scene)]
        write_lines(root / f"Train_Label/{scene}.txt", lines)
    write_images(root / "Val_Ref", ["A0210.bmp"])
    write_images(root / "Val_Dist", ["A0210_00_01.bmp", "A0210_01_00.bmp"])


def write_pieapp(root: Path) -> None:
    """Three images to train, two to validate, four with errors to test; the test lists name the reference too."""
    parts: dict[str, dict[str, tuple[str, ...]]] = {
        "train": {"ref_1": ("blur_inter_1", "jpeg_2000_intra_2", "noise_inter_0")},
        "val": {"ref_150": ("blur_inter_1", "noise_intra_4")},
        "test": {"ref_161": ("warp_inter_1", "noise_inter_2"), "ref_9": ("warp_intra_3", "noise_inter_1")},
    }
    for part, references in parts.items():
        for reference, kinds in references.items():
            number = reference.removeprefix("ref_")
            names = [f"distort_{number}_{kind}.png" for kind in kinds]
            write_images(root / f"reference_images/{part}", [f"{reference}.png"])
            write_images(root / f"distorted_images/{part}/{reference}", names)
            _write_pieapp_labels(root / "labels" / part, reference, names)
        write_lines(root / f"{part}_reference_list.txt", [f"{reference}.png" for reference in references])


def _write_pieapp_labels(folder: Path, reference: str, names: list[str]) -> None:
    """As published: the lists of the test pairs have no fifth column, the others may have a blank fourth."""
    columns = ["ref image", "distorted image A", "distorted image B", "raw preference for A"]
    pairs = [f"{reference}.png,{names[0]},{name},0.7" for name in names[1:]]
    if folder.name != "test":
        columns.append("processed preference for A")
        pairs = [f"{pair.removesuffix('0.7') if k else pair},0.725" for k, pair in enumerate(pairs)]
    write_lines(folder / f"{reference}_pairwise_labels.csv", [", ".join(columns), *pairs])
    if folder.name == "test":
        scores = [f"{reference}.png,{name},{1.5 + 2 * k}" for k, name in enumerate(names)]
        header = "ref image, distorted image, score for distorted image"
        write_lines(
            folder / f"{reference}_per_image_score.csv", [header, *scores, f"{reference}.png,{reference}.png,0"]
        )


def write_diffiqa(root: Path) -> None:
    """Two references to train, one to validate, one to test, each with six versions: 24 images."""
    parts = {"Train": ("000006x0y770", "000017x27y13"), "Validation": ("000100x1y1",), "Test": ("000200x5y9",)}
    for part, names in parts.items():
        images = root / part / "images"
        write_images(images / "Original", [f"{name}.png" for name in names])
        for version in range(1, 7):
            write_images(images / f"{version:02d}", [f"{name}_{version:02d}.png" for name in names])


def write_sriqa_bench(root: Path, *, folder_ending: str = "") -> None:
    """Two scenes of ten methods and the original, scores from 0 to 100; one list parts its columns by a blank.

    Args:
        root: Where to write.
        folder_ending: ``""`` for folders such as SwinIR, ``"x4"`` for SwinIRx4.
    """
    for scene, mark in (("online15", ","), ("canon7", " ")):
        lines = []
        for k, method in enumerate(SRIQA_METHODS):
            place = method.removesuffix("x4") + (folder_ending if method.endswith("x4") else "")
            write_images(root / "images" / place, [f"{scene}_{method}.png"])
            lines.append(f"{scene}_{method}.png{mark}{10.0 * k}")
        write_images(root / "LRImages", [f"{scene}_Original.png"])
        write_lines(root / f"MOS/{scene}.txt", lines)
        write_lines(root / f"MOS_Reg/{scene}.txt", lines[:2])
