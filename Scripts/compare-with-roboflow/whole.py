#!/usr/bin/env python3
"""Starts both servers, each with its default settings and open to all hosts, and compares them with run.py.

    whole.py CLIP WEIGHTS ROBOFLOW_PYTHON [arguments of run.py, such as --write FILE --record FILE]

WEIGHTS has ViT-B-16 and ViT-B-32 as Benchmarks/Peers/weights.py makes them; Perception Encoders are added there
(perception_weights.py). ROBOFLOW_PYTHON is an interpreter that has Benchmarks/requirements-roboflow.txt.
"""

from __future__ import annotations

import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "Benchmarks" / "Peers"))
import roboflow  # noqa: E402
from child import Child, leave_on_signals  # noqa: E402

START_LIMIT = 180.0
VERSIONS = ("PE-Core-L14-336", "PE-Core-B16-224")
# The port of the loopback server of run.py, which plays the platform that knows no further model.
PLATFORM = "http://127.0.0.1:19400"
SHALLOW = f"""
import sys
sys.path.insert(0, {str(HERE)!r})
from perception_depth import shallow
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def theirs(
    python: pathlib.Path, weights: pathlib.Path, folder: pathlib.Path, opened: bool
) -> tuple[Child, str]:
    """Roboflow's server; it keeps what it loads in a folder of its own."""
    cache, site = folder / "cache", folder / "site"
    cache.mkdir(parents=True)
    for name, place in roboflow.CACHE_NAMES.items():
        (cache / place).symlink_to((weights / name / "onnx").resolve())
    for version in VERSIONS:
        place = cache / "perception_encoder" / version.lower()
        place.parent.mkdir(exist_ok=True)
        place.symlink_to((weights / version / "theirs").resolve())
    for empty in ("static", "_next/static"):  # it mounts these folders at its start
        (site / "inference/landing/out" / empty).mkdir(parents=True)
    (site / "inference/landing/out/index.html").touch()
    (site / "application.py").write_text(roboflow.APPLICATION + SHALLOW + "\nshallow()\n")
    port = free_port()
    environment = roboflow.SETTINGS | {
        "CORE_MODEL_PE_ENABLED": "True",
        "API_BASE_URL": PLATFORM,
        "MODEL_CACHE_DIR": str(cache),
        "INFERENCE_HOME": str(cache),
    }
    if opened:
        environment |= {"ALLOW_NON_HTTPS_URL_INPUT": "True", "ALLOW_URL_INPUT_WITHOUT_FQDN": "True"}
    command = [
        str(python),
        "-m",
        "uvicorn",
        "application:app",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
    ]
    command += ["--log-level", "warning"]
    child = Child("roboflow", command, folder / "log", environment, site, answers=False)
    return child, f"http://127.0.0.1:{port}"


def ours(
    clip: pathlib.Path, weights: pathlib.Path, folder: pathlib.Path, opened: bool
) -> tuple[Child, str]:
    folder.mkdir()
    port = free_port()
    command = [
        str(clip),
        "serve",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--precision",
        "f32",
        "--offline",
    ]
    for name in ("ViT-B-16", "ViT-B-32"):
        command += ["--model", f"{name}={weights / name / 'openclip'}"]
    for version in VERSIONS:
        command += ["--model", f"{version}={weights / version / 'ours'}"]
    command += ["--allow-private-addresses"] if opened else []
    for name in [
        name for name in os.environ if name.startswith("CLIP_") or name in ("HOST", "PORT")
    ]:
        del os.environ[name]
    return Child("clip", command, folder / "log", answers=False), f"http://127.0.0.1:{port}"


def wait(child: Child, base: str) -> None:
    deadline = time.monotonic() + START_LIMIT
    while True:
        try:
            with urllib.request.urlopen(f"{base}/readiness", timeout=5):
                return
        except OSError:
            if not child.is_running or time.monotonic() > deadline:
                raise child.failed() from None
            time.sleep(0.3)


def main() -> int:
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    leave_on_signals()
    clip, weights, python = (pathlib.Path(word).absolute() for word in sys.argv[1:4])
    subprocess.run([str(python), str(HERE / "perception_weights.py"), str(weights)], check=True)
    with tempfile.TemporaryDirectory(prefix="clip-compare-") as name:
        scratch = pathlib.Path(name)
        started: list[tuple[Child, str]] = []
        try:
            started.append(ours(clip, weights, scratch / "ours", False))
            started.append(ours(clip, weights, scratch / "ours-open", True))
            started.append(theirs(python, weights, scratch / "theirs", False))
            started.append(theirs(python, weights, scratch / "theirs-open", True))
            for child, base in started:
                wait(child, base)
            command = [sys.executable, str(HERE / "run.py")]
            for option, (_, base) in zip(
                ("--ours", "--ours-open", "--theirs", "--theirs-open"), started
            ):
                command += [option, base]
            return subprocess.run([*command, *sys.argv[4:]], check=False).returncode
        finally:
            for child, _ in started:
                child.end()


if __name__ == "__main__":
    sys.exit(main())
