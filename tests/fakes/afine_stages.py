"""The files that A-FINE's authors release stage by stage, in their layout, over an encoder of 12 narrow blocks."""

from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from torch import Tensor

from acutance.layers.clip import CLIP_MEAN, CLIP_STD, ClipImageEncoder
from acutance.models.afine.model import AFINE
from tests.fakes.afine_checkpoint import layout
from tests.fakes.clip_archive import write_archive

WIDTH, OUT = 12, 4
"""Of the narrow blocks, and of CLIP's projection."""
FILES = {
    "clip_model.pth": "finetuned_clip",
    "net_qhead.pth": "natural",
    "net_dhead.pth": "fidelity",
    "net_scale_nr.pth": "natural_scale",
    "net_scale_fr.pth": "fidelity_scale",
    "net_finalscore.pth": "adapter",
}
SCALARS = {
    "natural_scale.yita3": 3.0,
    "natural_scale.yita4": 11.0,
    "fidelity_scale.yita3": 0.3,
    "fidelity_scale.yita4": 0.2,
    "adapter.k": 0.9,
    "finetuned_clip.logit_scale": 4.6,
}
STAGES = {
    "AFINE_stage1_nlogn": ("clip_model.pth", "net_qhead.pth"),
    "AFINE_stage2_nlogn": ("net_dhead.pth",),
    "AFINE_stage3_nlogn": ("net_scale_nr.pth", "net_scale_fr.pth", "net_finalscore.pth"),
}
"""Which files the authors release in which folder of ``experiments/pretrained_models``."""


def narrow_encoder() -> ClipImageEncoder:
    return ClipImageEncoder(embed_dim=WIDTH, depth=12, num_heads=3)


def narrow_afine(seed: int = 5) -> AFINE:
    torch.manual_seed(seed)
    return AFINE(narrow_encoder())


def stage_tensors(seed: int = 1) -> dict[str, dict[str, Tensor]]:
    """The six state dicts by the names of their files."""
    generator = torch.Generator().manual_seed(seed)
    parts: dict[str, dict[str, Tensor]] = {name: {} for name in FILES}
    named = {part: name for name, part in FILES.items()}
    for full, shape in layout().items():
        part, _, name = full.partition(".")
        values = 0.2 * torch.randn(_narrow(full, shape), generator=generator)
        if full in SCALARS:
            values = torch.tensor(SCALARS[full])
        if name in ("mean", "std"):
            values = torch.tensor(CLIP_MEAN if name == "mean" else CLIP_STD).view(shape)
        if ".ln_" in full and full.endswith("weight"):
            values = values + 1
        parts[named[part]][name] = values
    return parts


def write_stages(
    root: Path,
    seed: int = 1,
    *,
    wrapped: str | None = "params",
    change: Callable[[str, dict[str, Tensor]], None] | None = None,
    archive: bool = True,
) -> Path:
    """Write the six files into a folder for each stage, and ``CLIP/ViT-B-32.pt``; the folder of all comes back.

    Args:
        root: Where to.
        seed: Of the numbers.
        wrapped: Key that the heads stand under, if any; CLIP never stands under one.
        change: What to do to the tensors of each file before.
        archive: Whether to write ``ViT-B-32.pt``.
    """
    tensors = stage_tensors(seed)
    for folder, names in STAGES.items():
        (root / folder).mkdir(parents=True, exist_ok=True)
        for name in names:
            if change:
                change(name, tensors[name])
            bare = name == "clip_model.pth" or wrapped is None
            torch.save(tensors[name] if bare else {str(wrapped): tensors[name]}, root / folder / name)
    if archive:
        write_clip(root / "CLIP" / "ViT-B-32.pt")
    return root


def write_clip(path: Path, seed: int = 7) -> Path:
    """Write OpenAI's archive, half precision and text tower included."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_archive(path, stage_tensors(seed)["clip_model.pth"])
    return path


def timms(clip: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The image tower under timm's names, by the rule of timm's own conversion."""
    named: dict[str, Tensor] = {}
    for name, value in clip.items():
        if not name.startswith("visual."):
            continue
        own = name.removeprefix("visual.").replace("conv1", "patch_embed.proj").replace("ln_pre", "norm_pre")
        own = own.replace("positional_embedding", "pos_embed").replace("class_embedding", "cls_token")
        own = own.replace("transformer.resblocks", "blocks").replace("ln_post", "norm").replace("ln_", "norm")
        own = own.replace("in_proj_", "qkv.").replace("out_proj", "proj")
        own = own.replace("mlp.c_fc", "mlp.fc1").replace("mlp.c_proj", "mlp.fc2")
        shaped = value[None, None] if own == "cls_token" else value[None] if own == "pos_embed" else value
        named["head.weight" if own == "proj" else own] = shaped.T.contiguous() if own == "proj" else shaped
    return named | {"head.bias": torch.zeros(len(named["head.weight"]))}


def own_of(parts: Mapping[str, Mapping[str, Tensor]], model: AFINE) -> AFINE:
    """A model with these tensors, named by hand where a mistake would hurt, for comparison."""
    state = model.state_dict()
    for name, own in (
        ("proj_feat", "projection"),
        ("proj_head.0", "hidden"),
        ("proj_head.2", "output"),
    ):
        for kind in ("weight", "bias"):
            state[f"naturalness_head.{own}.{kind}"] = parts["net_qhead.pth"][f"{name}.{kind}"]
    for kind in ("alpha", "beta"):
        state[f"fidelity_head.{kind}"] = parts["net_dhead.pth"][kind].flatten()
    for file, own in (("net_scale_nr.pth", "naturalness"), ("net_scale_fr.pth", "fidelity")):
        state[f"{own}_calibrator.centre"] = parts[file]["yita3"]
        state[f"{own}_calibrator.scale"] = parts[file]["yita4"]
    state["adapter.k"] = parts["net_finalscore.pth"]["k"]
    clip = parts["clip_model.pth"]
    backbone = "encoder.trunk."
    state |= {
        f"{backbone}cls_token": clip["visual.class_embedding"].view(1, 1, -1),
        f"{backbone}pos_embed": clip["visual.positional_embedding"][None],
        f"{backbone}patch_embed.proj.weight": clip["visual.conv1.weight"],
        f"{backbone}norm_pre.weight": clip["visual.ln_pre.weight"],
        f"{backbone}norm_pre.bias": clip["visual.ln_pre.bias"],
    }
    for index in range(12):
        theirs, ours = f"visual.transformer.resblocks.{index}.", f"{backbone}blocks.{index}."
        for kind in ("weight", "bias"):
            state[f"{ours}attn.qkv.{kind}"] = clip[f"{theirs}attn.in_proj_{kind}"]
            state[f"{ours}attn.proj.{kind}"] = clip[f"{theirs}attn.out_proj.{kind}"]
            state[f"{ours}mlp.fc1.{kind}"] = clip[f"{theirs}mlp.c_fc.{kind}"]
            state[f"{ours}mlp.fc2.{kind}"] = clip[f"{theirs}mlp.c_proj.{kind}"]
            state[f"{ours}norm1.{kind}"] = clip[f"{theirs}ln_1.{kind}"]
            state[f"{ours}norm2.{kind}"] = clip[f"{theirs}ln_2.{kind}"]
    model.load_state_dict(state)
    return model


def _narrow(name: str, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of a tensor over the narrow encoder; of the text tower next to nothing is left."""
    if name.startswith("finetuned_clip.") and not name.startswith("finetuned_clip.visual."):
        return tuple(min(size, 2) for size in shape)
    sizes = {768: WIDTH, 2304: 3 * WIDTH, 3072: 4 * WIDTH, 512: OUT, 1536: 2 * WIDTH, 9219: 3 + 12 * WIDTH}
    return tuple(sizes.get(size, size) for size in shape)
