"""Starts Roboflow's own server offline on the weights that weights.py made: its legacy backend on ONNX Runtime."""

from __future__ import annotations

import pathlib

from child import Child

# The folders in which it looks for a model's files; the second part is its cache key of the model.
CACHE_NAMES = {
    "ViT-B-16": "~clip-ViT-B-16-209529c29627a4a379adf65002940e2a",
    "ViT-B-32": "~clip-ViT-B-32-781fcd03ced4ec602b1ef28ca38f5d25",
}
OTHER_MODELS = (
    "SAM", "SAM2", "SAM3", "GROUNDINGDINO", "YOLO_WORLD", "DOCTR", "TROCR", "EASYOCR", "OWLV2", "GAZE", "PE",
)
SETTINGS = {
    "USE_INFERENCE_MODELS": "False",
    "ONNXRUNTIME_EXECUTION_PROVIDERS": "[CPUExecutionProvider]",
    "DISK_CACHE_CLEANUP": "False",
    "TELEMETRY_OPT_OUT": "True",
    "METRICS_ENABLED": "False",
    "DISABLE_VERSION_CHECK": "True",
    "ACTIVE_LEARNING_ENABLED": "False",
    "ENABLE_STREAM_API": "False",
    "API_CALLS_TIMEOUT": "2",
    "API_CALLS_MAX_TRIES": "1",
} | {f"CORE_MODEL_{model}_ENABLED": "False" for model in OTHER_MODELS}

# A torchvision that was built for another torch cannot be imported, for want of three operators. Nothing here runs
# them, so declaring them is enough.
APPLICATION = '''
import sys
import torch
try:
    import torchvision
except RuntimeError:
    for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
        del sys.modules[name]
    library = torch.library.Library("torchvision", "DEF")
    boxes = "Tensor dets, Tensor scores, float iou_threshold"
    library.define(f"nms({boxes}) -> Tensor")
    library.define(f"qnms({boxes}) -> Tensor")
    pooled = "float spatial_scale, int pooled_height, int pooled_width, int sampling_ratio, bool aligned"
    library.define(f"roi_align(Tensor input, Tensor rois, {pooled}) -> Tensor")
    import torchvision

from inference.core.interfaces.http.http_api import HttpInterface
from inference.core.managers.base import ModelManager
from inference.core.registries.roboflow import RoboflowModelRegistry
from inference.models.utils import ROBOFLOW_MODEL_TYPES

app = HttpInterface(ModelManager(model_registry=RoboflowModelRegistry(ROBOFLOW_MODEL_TYPES))).app
'''


def start(python: pathlib.Path, weights: pathlib.Path, port: int, folder: pathlib.Path) -> Child:
    """The server's process; `folder` is for its files."""
    cache, site = folder / "cache", folder / "site"
    cache.mkdir(parents=True)
    (cache / CACHE_NAMES[weights.name]).symlink_to((weights / "onnx").resolve())
    landing = site / "inference/landing/out"  # it mounts these folders at its start
    for empty in (landing / "static", landing / "_next/static"):
        empty.mkdir(parents=True)
    (landing / "index.html").touch()
    (site / "application.py").write_text(APPLICATION)
    arguments = ["-m", "uvicorn", "application:app", "--host", "127.0.0.1", "--port", str(port), "--log-level", "warning"]
    environment = SETTINGS | {"MODEL_CACHE_DIR": str(cache), "INFERENCE_HOME": str(cache)}
    return Child("roboflow", [str(python), *arguments], folder / "roboflow.log", environment, site, answers=False)
