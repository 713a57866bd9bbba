"""Small TID2008, TID2013, KADID-10k, KADIS-700k and CSIQ in their published layout."""

from pathlib import Path

from tests.fakes.datasets.files import write_images, write_lines, write_sheets

TID_REFERENCES = {"01": "I01.BMP", "02": "I02.BMP", "25": "i25.bmp"}
"""As on the disk: the last is in lower case."""
KADID_KINDS = (1, 13, 25)
CSIQ_FOLDERS = {"AWGN": "awgn", "JPEG": "jpeg", "jpeg2000": "jpeg2000", "fnoise": "fnoise", "BLUR": "blur"}
"""Kind in the file names to its folder."""


def write_tid2008(root: Path) -> None:
    """Two references, kinds 1, 8 and 17 at four levels: 24 images."""
    _write_tid(root, ("01", "25"), kinds=(1, 8, 17), levels=4)


def write_tid2013(root: Path) -> None:
    """Three references, kinds 1, 10 and 24 at five levels: 45 images."""
    _write_tid(root, ("01", "02", "25"), kinds=(1, 10, 24), levels=5)


def _write_tid(root: Path, scenes: tuple[str, ...], *, kinds: tuple[int, ...], levels: int) -> None:
    """Lists in capitals, images of scene 01 in small letters, of others with the ending in capitals."""
    listed = [
        f"I{scene}_{kind:02d}_{level}.bmp" for scene in scenes for kind in kinds for level in range(1, levels + 1)
    ]
    on_disk = [name.lower() if name.startswith("I01") else name.replace(".bmp", ".BMP") for name in listed]
    write_images(root / "distorted_images", on_disk)
    write_images(root / "reference_images", [TID_REFERENCES[scene] for scene in scenes])
    scores = [f"{8 - int(name[-5]) + 0.00714 * place:.5f}" for place, name in enumerate(listed)]
    write_lines(root / "mos_with_names.txt", [f"{score} {name}" for score, name in zip(scores, listed, strict=True)])
    write_lines(root / "mos_std.txt", [f"{0.13 + 0.001 * place:.5f}" for place in range(len(listed))], end="\r\n")


def write_kadid10k(root: Path) -> None:
    """Two references, three kinds at five levels: 30 images."""
    names = [
        f"{scene}_{kind:02d}_{level:02d}.png" for scene in ("I01", "I81") for kind in KADID_KINDS for level in LEVELS
    ]
    write_images(root / "images", ["I01.png", "I81.png", *names])
    lines = [f"{name},{name[:3]}.png,{5 - 0.7 * int(name[-5]):.2f},0.496" for name in names]
    write_lines(root / "dmos.csv", ["dist_img,ref_img,dmos,var", *lines], end="\r\n")


LEVELS = (1, 2, 3, 4, 5)


def write_kadis700k(root: Path) -> None:
    """Three pristine images with five levels of one kind each: 15 images."""
    kinds = {"abc_def.png": 7, "Abbey-1.png": 23, "zoo.jpg": 15}
    write_images(root / "ref_imgs", kinds)
    write_lines(
        root / "kadis700k_ref_imgs.csv", ["ref_im,dist_type_1", *(f"{name},{kind}" for name, kind in kinds.items())]
    )
    stems = [(Path(name).stem, kind) for name, kind in kinds.items()]
    write_images(root / "dist_imgs", [f"{stem}_{kind:02d}_{level:02d}.bmp" for stem, kind in stems for level in LEVELS])


def write_csiq(root: Path, *, labels: str = "xlsx", in_one_folder: bool = False) -> None:
    """Scenes 1600 and elk: 29 and 28 images, the DMOS growing with the level.

    Args:
        root: Where to write.
        labels: ``xlsx`` as published, its sheet below a title and a second one before it; ``csv`` or ``txt``.
        in_one_folder: Distorted images in ``dst_imgs_all``.
    """
    kinds = [*CSIQ_FOLDERS, "contrast"]
    entries = [
        (scene, kind, level)
        for scene, contrast_levels in (("1600", 4), ("elk", 3))
        for kind in kinds
        for level in range(1, (contrast_levels if kind == "contrast" else 5) + 1)
    ]
    write_images(root / "src_imgs", ["1600.png", "elk.png"])
    for scene, kind, level in entries:
        place = "dst_imgs_all" if in_one_folder else f"dst_imgs/{CSIQ_FOLDERS.get(kind, kind)}"
        write_images(root / place, [f"{scene}.{kind}.{level}.png"])
    table = [
        (int(scene) if scene == "1600" else scene, kinds.index(kind) + 1, kind.lower(), level, 0.061, 0.1875 * level)
        for scene, kind, level in entries
    ]
    header = ("image", "dst_idx", "dst_type", "dst_lev", "dmos_std", "dmos")
    if labels == "xlsx":
        shifted = [(None, *row) for row in ((), ("CSIQ scores",), (), header, *table)]
        write_sheets(root / "csiq.DMOS.xlsx", {"readme": [("about this file",)], "all_by_image": shifted})
    elif labels == "csv":
        write_lines(root / "DMOS.csv", [",".join(map(str, row)) for row in (header, *table)])
    else:
        lines = [f"{scene}.{kind}.{level}.png {0.1875 * level:.6f}" for scene, kind, level in entries]
        write_lines(root / "csiq_label.txt", lines)
