"""Archives of PyTorch that `clip convert` reads, and what PyTorch reads in them, bit for bit.

The kinds are those of `Scripts/convert/archives.py`; the expected bits stand in one JSON file, in row-major order.
"""

import importlib.util
import json
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
COMMITTED = ["dictionary", "training", "stream-training", "protocol-5", "script", "big-endian", "wrapped", "hung-on"]


def load_kinds():
    """The module of the same name that makes them."""
    spec = importlib.util.spec_from_file_location("convert_archives", HERE.parent / "convert" / "archives.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def make(out: pathlib.Path) -> None:
    kinds = load_kinds()
    made, expected = kinds.kinds(), {}
    for name in COMMITTED:
        path = out / f"{name}.pt"
        path.write_bytes(made[name])
        expected[name] = {
            key: {"type": str(tensor.dtype).removeprefix("torch."), "shape": list(tensor.shape), "bytes": kinds.bits(tensor).hex()}
            for key, tensor in sorted(kinds.reference(path).items())
        }
        if name == "script":
            # Its code, which is not looked at, is not the same every time.
            path.write_bytes(kinds.rezipped(made[name], lambda entry, content: None if "/code/" in entry or "/.data/" in entry else content))
    (out / "expected.json").write_text(json.dumps(expected, ensure_ascii=False) + "\n")
