"""The server under attack: our own binary on clip-mini, with what the kernel knows about its process."""

from __future__ import annotations

import contextlib
import os
import pathlib
import re
import resource
import signal
import subprocess
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
START_LIMIT = 60.0
PAGE = resource.getpagesize()
TICKS = os.sysconf("SC_CLK_TCK")
# What would change a server's settings behind an attack's back.
SET_BY_OTHERS = ("HOST", "PORT", "LOG_LEVEL", "API_KEY", "ROBOFLOW_API_KEY")


def known_flags(binary: pathlib.Path) -> frozenset[str]:
    """The flags that `serve` has: an attack asks for a defence only where it exists."""
    text = subprocess.run([binary, "serve", "--help"], capture_output=True, text=True, check=True).stdout
    return frozenset(re.findall(r"--[a-z][a-z0-9-]+", text))


class Server:
    """A running `clip serve`; `flags` maps each flag to its value, or to None where it takes none."""

    # Those that run, so that the end of an attack, however it comes, leaves none.
    running: set[Server] = set()

    def __init__(
        self,
        binary: pathlib.Path,
        flags: dict[str, str | None] | None = None,
        *,
        limits: dict[int, tuple[int, int]] | None = None,
        environment: dict[str, str] | None = None,
    ) -> None:
        known = known_flags(binary)
        command = [str(binary), "serve", "--port", "0"]
        self.missing: list[str] = []
        for flag, value in ({"--host": "127.0.0.1"} | (flags or {})).items():
            if flag not in known:
                self.missing.append(flag)
                continue
            command += [flag] if value is None else [flag, value]
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("CLIP_") and name not in SET_BY_OTHERS and not name.lower().endswith("_proxy")
        }
        inherited |= {"CLIP_PRECISION": "f32", "CLIP_PACKED_CACHE": "none", **(environment or {})}

        def constrain() -> None:
            for what, bound in (limits or {}).items():
                resource.setrlimit(what, bound)

        self.log = tempfile.TemporaryFile("w+b")
        self.process = subprocess.Popen(
            command, stdout=self.log, stderr=subprocess.STDOUT, env=inherited, preexec_fn=constrain
        )
        Server.running.add(self)
        self.port = 0
        try:
            self._wait_until_ready()
        except BaseException:
            self.kill()
            raise

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def is_alive(self) -> bool:
        return self.process.poll() is None

    def words(self) -> str:
        """All that the server has logged."""
        return os.pread(self.log.fileno(), 16 << 20, 0).decode(errors="replace")

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_LIMIT
        while time.monotonic() < deadline:
            words = self.words()
            found = re.search(r"listening on http://[0-9.]+:(\d+)", words)
            if found and " is ready" in words:
                self.port = int(found.group(1))
                return
            if not self.is_alive:
                break
            time.sleep(0.02)
        raise RuntimeError("The server did not start:\n" + self.words()[-4000:])

    @property
    def health_port(self) -> int:
        """Where `--health-port` listens."""
        found = re.search(r"health checks are answered on http://[0-9.]+:(\d+)", self.words())
        if found is None:
            raise RuntimeError("The server has no port for health:\n" + self.words()[-4000:])
        return int(found.group(1))

    # MARK: What the kernel says

    def resident(self) -> int:
        """Bytes in memory now; 0 once the process is gone."""
        try:
            with open(f"/proc/{self.pid}/statm") as file:
                return int(file.read().split()[1]) * PAGE
        except (OSError, IndexError):
            return 0

    def forget_peak(self) -> None:
        """From now on `peak` is the peak since this call."""
        with open(f"/proc/{self.pid}/clear_refs", "w") as file:
            file.write("5")

    def peak(self) -> int:
        """Most bytes in memory since the start or `forget_peak`, exactly; 0 once the process is gone."""
        try:
            with open(f"/proc/{self.pid}/status") as file:
                found = re.search(r"VmHWM:\s+(\d+) kB", file.read())
        except OSError:
            return 0
        return int(found.group(1)) * 1024 if found else 0

    def processor_seconds(self) -> float:
        """Processor time of all threads so far; 0 once the process is gone."""
        try:
            with open(f"/proc/{self.pid}/stat") as file:
                fields = file.read().rpartition(")")[2].split()
        except OSError:
            return 0
        return (int(fields[11]) + int(fields[12])) / TICKS

    def threads(self, name: str) -> list[int]:
        """The threads whose names begin like that."""
        found = []
        with contextlib.suppress(OSError):
            for thread in os.listdir(f"/proc/{self.pid}/task"):
                with contextlib.suppress(OSError), open(f"/proc/{self.pid}/task/{thread}/comm") as file:
                    if file.read().startswith(name):
                        found.append(int(thread))
        return found

    def thread_seconds(self, threads: list[int]) -> float:
        """Processor time of some threads so far, to the microsecond where the kernel counts so finely."""
        total = 0.0
        for thread in threads:
            with contextlib.suppress(OSError, IndexError), open(f"/proc/{self.pid}/task/{thread}/schedstat") as file:
                total += int(file.read().split()[0]) / 1e9
        return total

    # MARK: The end

    def ask_to_stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    def stop(self, limit: float = 60) -> int:
        """Asks the server to drain, and kills it where it does not; its exit status."""
        if self.is_alive:
            self.ask_to_stop()
        return self.end(limit)

    def end(self, limit: float = 60) -> int:
        """Waits for the end that was asked for, and kills the server where it does not come; its exit status."""
        try:
            return self.process.wait(limit)
        except subprocess.TimeoutExpired:
            self.kill()
            return self.process.returncode

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        Server.running.discard(self)

    @classmethod
    def kill_all(cls) -> None:
        for server in list(cls.running):
            server.kill()

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self.log.close()


class Sampler:
    """Watches the resident memory of a server from a thread; where the kernel's own peak is lost with the process, this one is left."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.highest = 0
        self.done = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        while not self.done.wait(0.01):
            self.highest = max(self.highest, self.server.resident())

    def __enter__(self) -> Sampler:
        self.server.forget_peak()
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.done.set()
        self.thread.join()
        self.highest = max(self.highest, self.server.peak())
