"""The server under test: our binary on a tiny checkpoint, or whatever runs at a given URL."""

from __future__ import annotations

import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "Scripts" / "goldens"))
import tiny_model  # noqa: E402
import tiny_perception_encoder  # noqa: E402

START_LIMIT = 60.0
STOP_LIMIT = 20.0


class Server:
    """`CLIP_BASE_URL` names a running server; otherwise `CLIP_BINARY` is started and stopped."""

    def __init__(self, *arguments: str, models: tuple[str, ...] = ("ViT-B-16", "ViT-B-32")) -> None:
        self.arguments = arguments
        self.models = models
        self.base = os.environ.get("CLIP_BASE_URL", "").rstrip("/")
        self.process: subprocess.Popen[str] | None = None
        self.log: list[str] = []

    def start(self) -> None:
        if self.base:
            return
        self.directory = tempfile.TemporaryDirectory(prefix="clip-clients-")
        plain = pathlib.Path(self.directory.name) / "tiny"
        tiny_model.write(plain)
        perception = pathlib.Path(self.directory.name) / "perception"
        if any(name.startswith("PE-") for name in self.models):
            tiny_perception_encoder.write(perception)
        command = [os.environ["CLIP_BINARY"], "serve", "--host", "127.0.0.1", "--port", "0"]
        command += self.arguments
        for name in self.models:
            command += ["--model", f"{name}={perception if name.startswith('PE-') else plain}"]
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("CLIP_") and name not in ("HOST", "PORT")
        }
        # Answers are compared with recorded ones, which are f32.
        inherited["CLIP_PRECISION"] = "f32"
        self.process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=inherited,
        )
        self.listening = threading.Event()
        self.reader = threading.Thread(target=self.read_log, daemon=True)
        self.reader.start()
        deadline = time.monotonic() + START_LIMIT
        while not self.listening.wait(0.2):
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.process.kill()
                raise RuntimeError("The server did not start:\n" + "".join(self.log))

    def read_log(self) -> None:
        """Keeps the output, so that the pipe never fills, and finds the port in it."""
        assert self.process and self.process.stdout
        for line in self.process.stdout:
            self.log.append(line)
            found = re.search(r"listening on (http://127\.0\.0\.1:\d+)", line)
            if found and not self.base:
                self.base = found.group(1)
                self.listening.set()

    def stop(self) -> int:
        """Asks the server to drain; its exit code, 0 when there is nothing to stop."""
        if self.process is None:
            return 0
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(STOP_LIMIT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise RuntimeError("The server ignored SIGTERM:\n" + "".join(self.log)) from None
        finally:
            self.reader.join(5)
            if self.process.stdout:
                self.process.stdout.close()
            self.directory.cleanup()
