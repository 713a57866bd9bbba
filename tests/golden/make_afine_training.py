"""Writes ``afine_training_float64.json``: A-FINE's stages 2 and 3 on the golden triplets, in float64.

    python -m tests.golden.make_afine_training

The losses and gradients in ``afine.json`` are of the authors' code in float32, whose covariances are differences of
uncentred moments; they are 1e-6 off. Here are the authors' formulas once more, in float64 and in plain PyTorch, with
nothing of acutance: an image alone in its batch, mean(xy) - mean(x) mean(y), one minus the weighted likenesses, the
optimisers of their option files. Only weights and triplets come from ``afine.json``.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from tests.golden import recipe

FOLDER = Path(__file__).parent
IMAGES = FOLDER.parents[1] / "examples"
GOLDEN: dict[str, Any] = json.loads((FOLDER / "afine.json").read_text())
BLOCKS, HEADS, PATCH, EPSILON = 12, 12, 32, 1e-10
SCALARS = (
    "adapter.k",
    "natural_scale.yita3",
    "natural_scale.yita4",
    "fidelity_scale.yita3",
    "fidelity_scale.yita4",
)
Weights = Mapping[str, Tensor]


def weights() -> dict[str, Tensor]:
    """All tensors but the text tower: drawn in float32, then float64."""
    notes, drawn = GOLDEN["weights"], {}
    for name, shape in GOLDEN["layout"].items():
        if name.startswith("finetuned_clip.") and not name.startswith("finetuned_clip.visual."):
            continue
        if name in notes["fixed"]:
            value = np.array(notes["fixed"][name], dtype=np.float32).reshape(shape)
        else:
            value = recipe.tensor(name, tuple(shape), notes["scalars"].get(name, 0.0))
            value = value * np.float32(notes["gains"]["values"].get(name, 1.0))
        drawn[name] = torch.from_numpy(np.array(value)).double()
    return drawn


def picture(name: str) -> Tensor:
    """(1, 3, H, W) in [0, 1]; sides are multiples of a patch, so that nothing is resized."""
    place = f"reference/{name.removesuffix('_ref')}" if name.endswith("_ref") else f"distorted/{name}"
    pixels = np.asarray(Image.open(IMAGES / f"{place}.png").convert("RGB"))
    if pixels.shape[0] % PATCH or pixels.shape[1] % PATCH:
        raise ValueError(f"{name}: {pixels.shape}")
    return torch.from_numpy(pixels.astype(np.float64) / 255).permute(2, 0, 1)[None]


def levels(w: Weights, image: Tensor) -> list[Tensor]:
    """13 tensors (samples, channels): the image, and the rectified output of each block of CLIP's image tower."""

    def clip(name: str) -> Tensor:
        return w[f"finetuned_clip.visual.{name}"]

    normalised = (image - w["natural.mean"]) / w["natural.std"]
    x = functional.conv2d(normalised, clip("conv1.weight"), stride=PATCH).flatten(2).transpose(1, 2)[0]
    x = torch.cat([clip("class_embedding")[None], x])
    table = clip("positional_embedding")
    if len(x) != len(table):
        size = (len(x), table.shape[1])
        table = functional.interpolate(table[None, None], size, mode="bicubic", align_corners=False)[0, 0]
    width = x.shape[1]

    def norm(values: Tensor, name: str) -> Tensor:
        return functional.layer_norm(values, (width,), clip(f"{name}.weight"), clip(f"{name}.bias"), 1e-5)

    def linear(values: Tensor, name: str) -> Tensor:
        return values @ clip(f"{name}.weight").T + clip(f"{name}.bias")

    x = norm(x + table, "ln_pre")
    found = [(normalised * w["natural.std"] + w["natural.mean"])[0].flatten(1).T]
    for block in (f"transformer.resblocks.{index}" for index in range(BLOCKS)):
        y = norm(x, f"{block}.ln_1")
        packed = y @ clip(f"{block}.attn.in_proj_weight").T + clip(f"{block}.attn.in_proj_bias")
        query, key, value = packed.view(len(x), 3, HEADS, -1).permute(1, 2, 0, 3)
        seen = torch.softmax(query @ key.transpose(1, 2) / (width // HEADS) ** 0.5, dim=-1) @ value
        x = x + linear(seen.transpose(0, 1).flatten(1), f"{block}.attn.out_proj")
        hidden = linear(norm(x, f"{block}.ln_2"), f"{block}.mlp.c_fc")
        x = x + linear(hidden * torch.sigmoid(1.702 * hidden), f"{block}.mlp.c_proj")
        found.append(torch.relu(x[1:]))
    return found


def naturalness(w: Weights, own: list[Tensor]) -> Tensor:
    """Raw, of one image."""

    def linear(values: Tensor, name: str) -> Tensor:
        return values @ w[f"natural.{name}.weight"].T + w[f"natural.{name}.bias"]

    described = [torch.cat([level.mean(0), level.var(0, unbiased=False)]) for level in own]
    joined = torch.cat([described[0], *(linear(each, "proj_feat") for each in described[1:])])
    return linear(functional.gelu(linear(joined, "proj_head.0")), "proj_head.2")[0]


def likenesses(own: list[Tensor], reference: list[Tensor]) -> tuple[Tensor, Tensor]:
    """Of means and of structure, (9219,) each."""
    means, structures = [], []
    for x, y in zip(own, reference, strict=True):
        mx, my = x.mean(0), y.mean(0)
        vx, vy = x.var(0, unbiased=False), y.var(0, unbiased=False)
        means.append((2 * mx * my + EPSILON) / (mx**2 + my**2 + EPSILON))
        structures.append((2 * ((x * y).mean(0) - mx * my) + EPSILON) / (vx + vy + EPSILON))
    return torch.cat(means), torch.cat(structures)


def fidelity(w: Weights, alike: tuple[Tensor, Tensor]) -> Tensor:
    """Raw, of a pair."""
    alpha, beta = (functional.softplus(w[f"fidelity.{name}"].flatten()) for name in ("alpha", "beta"))
    total = alpha.sum() + beta.sum() + EPSILON
    return 1 - (alpha / total * alike[0] + beta / total * alike[1]).sum()


def calibrated(raw: Tensor, centre: Tensor, scale: Tensor) -> Tensor:
    """In (-2, 2)."""
    return 4 / (1 + torch.exp(-(raw - centre) / (scale.abs() + EPSILON))) - 2


def combined(w: Weights, natural: Tensor, natural_reference: Tensor, raw_fidelity: Tensor) -> Tensor:
    """D of a pair."""
    n, n_reference = (
        calibrated(raw, w["natural_scale.yita3"], w["natural_scale.yita4"]) for raw in (natural, natural_reference)
    )
    f = calibrated(
        raw_fidelity, w["fidelity_scale.yita3"].clamp(0.05, 0.95), w["fidelity_scale.yita4"].clamp(0.01, 0.70)
    )
    return torch.exp(functional.softplus(w["adapter.k"]) * (n_reference - n)) * n + f


def loss(u1: Tensor, u2: Tensor, label: float) -> Tensor:
    """Of one triplet: the fidelity of the probability that the first image is better."""
    p = torch.distributions.Normal(0.0, 1.0).cdf((u2 - u1) / 2**0.5)
    return 1 - torch.sqrt(p * label + 1e-8) - torch.sqrt((1 - p) * (1 - label) + 1e-8)


def trained(w: dict[str, Tensor], names: tuple[str, ...], rate: float) -> list[torch.optim.AdamW]:
    """An optimiser for each group of the authors' option files; the tensors become parameters."""
    for name in names:
        w[name] = w[name].clone().requires_grad_()
    groups: dict[str, list[Tensor]] = {}
    for name in names:
        groups.setdefault(name.partition(".")[0], []).append(w[name])
    return [
        torch.optim.AdamW(group, lr=rate, weight_decay=1e-3, betas=(0.9, 0.99), eps=1e-8) for group in groups.values()
    ]


def gradient(parameter: Tensor) -> Tensor:
    """That of the last ``backward``."""
    if parameter.grad is None:
        raise ValueError("no gradient")
    return parameter.grad


def main() -> None:
    """Write the file."""
    units, w = GOLDEN["training_units"], weights()
    names = sorted({name for triplet in units["triplets"] for name in triplet[:3]})
    with torch.no_grad():
        seen = {name: levels(w, picture(name)) for name in names}
        natural = {name: naturalness(w, own) for name, own in seen.items()}
        pairs = {(name, triplet[2]) for triplet in units["triplets"] for name in triplet[:2]}
        alike = {pair: likenesses(seen[pair[0]], seen[pair[1]]) for pair in pairs}

    def mean_loss(score: Any) -> Tensor:
        each = [
            loss(score(first, ref), score(second, ref), label) for first, second, ref, label, *_ in units["triplets"]
        ]
        return torch.stack(each).mean()

    trained(w, ("fidelity.alpha", "fidelity.beta"), 5e-4)
    stage2 = mean_loss(lambda name, ref: fidelity(w, alike[name, ref]))
    stage2.backward()
    norms = {name: float(gradient(w[name]).norm()) for name in ("fidelity.alpha", "fidelity.beta")}
    with torch.no_grad():
        raw = {pair: fidelity(w, alike[pair]) for pair in pairs}
    steps, optimisers = [], trained(w, SCALARS, 1e-3)
    for _ in units["stage3"]["steps_at_constant_lr_1e-3"]:
        for name in SCALARS:
            w[name].grad = None
        value = mean_loss(lambda name, ref: combined(w, natural[name], natural[ref], raw[name, ref]))
        value.backward()
        gradients = {name: float(gradient(w[name])) for name in SCALARS}
        for optimiser in optimisers:
            optimiser.step()
        after = {name: float(w[name].detach()) for name in SCALARS}
        steps.append({"loss": float(value.detach()), "grad": gradients, "value_after_step": after})
    written = {
        "produced_by": "tests/golden/make_afine_training.py",
        "versions": {"torch": torch.__version__, "numpy": np.__version__},
        "recipe_sha256": GOLDEN["weights"]["recipe_sha256"],
        "raw_naturalness": {name: float(value) for name, value in natural.items()},
        "raw_fidelity": [{"pair": list(pair), "value": float(raw[pair])} for pair in sorted(pairs)],
        "stage2": {"losses": {"l_fidelity_fr12": float(stage2.detach())}, "grad_norms": norms},
        "stage3": {"steps_at_constant_lr_1e-3": steps},
    }
    (FOLDER / "afine_training_float64.json").write_text(json.dumps(written, indent=1) + "\n")


if __name__ == "__main__":
    main()
