"""Weight files as their own writers make them: safetensors of every kind that is read, and a sharded checkpoint.

The expected values are what `safetensors.torch` loads, converted to f32 by PyTorch and kept as bit patterns.
"""

import json
import pathlib

import torch
from huggingface_hub import save_torch_state_dict
from safetensors.torch import load_file, save_file

SEED = 20261123


def tensors() -> dict[str, torch.Tensor]:
    """One tensor per kind: ordinary values, the edges of each format, and every shape of nothing."""
    generator = torch.Generator().manual_seed(SEED)
    edges = [0.0, -0.0, 1.0, -1.5, 65504.0, 6.103515625e-05, 5.960464477539063e-08, float("inf"), float("-inf")]
    normal = torch.randn(3, 5, generator=generator)
    return {
        "visual.conv1.weight": torch.randn(4, 3, 2, 2, generator=generator),
        "visual.ln_post.weight": normal.half(),
        "visual.ln_post.bias": torch.tensor(edges).half(),
        "transformer.proj": normal.bfloat16(),
        "transformer.edges": torch.tensor(edges + [3.3895313892515355e38, 1e-40]).bfloat16(),
        "double": torch.cat([normal.flatten().double() / 3, torch.tensor([1e-50, 1e300], dtype=torch.float64)]),
        "logit_scale": torch.tensor(2.6592),
        "none": torch.zeros(0, 4),
        "text_model.embeddings.position_ids": torch.arange(7).unsqueeze(0),
        "mask": torch.tensor([True, False, True]),
        "한국어 \"name\"\\\n": torch.tensor([-1, 2, 3], dtype=torch.int8),
    }


def expected(path: pathlib.Path) -> list[dict]:
    """What the reference reader finds in a file; `bits` only for floating-point tensors."""
    found = []
    for name, tensor in sorted(load_file(path).items()):
        entry = {"name": name, "type": str(tensor.dtype).removeprefix("torch."), "shape": list(tensor.shape)}
        if tensor.is_floating_point():
            entry["bits"] = [bits & 0xFFFFFFFF for bits in tensor.float().flatten().view(torch.int32).tolist()]
        found.append(entry)
    return found


def make(out: pathlib.Path) -> None:
    save_file(tensors(), out / "mixed.safetensors", metadata={"format": "pt"})
    (out / "mixed.json").write_text(json.dumps(expected(out / "mixed.safetensors")) + "\n")

    generator = torch.Generator().manual_seed(SEED)
    state = {f"encoder.layers.{layer}.weight": torch.randn(8, 8, generator=generator) for layer in range(5)}
    (out / "sharded").mkdir()
    save_torch_state_dict(state, out / "sharded", filename_pattern="model{suffix}.safetensors", max_shard_size=600)
    shards = sorted((out / "sharded").glob("*.safetensors"))
    (out / "sharded.json").write_text(json.dumps([entry for shard in shards for entry in expected(shard)]) + "\n")
