"""Processes that are measured: they are asked line by line, paused, weighed, and ended with all that they started."""

from __future__ import annotations

import contextlib
import ctypes
import os
import pathlib
import signal
import subprocess
import sys

PR_SET_PDEATHSIG = 1


class ChildFailed(Exception):
    """A process that ended, or did not answer; the message has its last words."""


def end_with_driver() -> None:
    """Runs in the new process: should the driver be killed, it dies, too."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def leave_on_signals() -> None:
    """Makes SIGTERM end the driver as Ctrl-C does, so that its `with` blocks end the children."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


class Child:
    """One process in a group of its own; as a context manager it is ended at the end of the block.

    `answers` says that it answers lines; otherwise all that it writes goes to the log.
    """

    def __init__(
        self,
        name: str,
        command: list[str],
        log: pathlib.Path,
        environment: dict[str, str] | None = None,
        folder: pathlib.Path | None = None,
        answers: bool = True,
    ) -> None:
        self.name = name
        self.log = log
        with log.open("wb") as errors:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE if answers else subprocess.DEVNULL,
                stdout=subprocess.PIPE if answers else errors,
                stderr=errors,
                env=os.environ | (environment or {}),
                cwd=folder,
                start_new_session=True,
                preexec_fn=end_with_driver,
            )

    def __enter__(self) -> Child:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def ask(self, line: str) -> str:
        """Sends a line and waits for one."""
        try:
            self.process.stdin.write(line.encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise self.failed() from None
        answer = self.process.stdout.readline()
        if not answer:
            raise self.failed()
        return answer.decode().strip()

    def milliseconds(self, line: str) -> float:
        """Asks for one timed pass."""
        answer = self.ask(line)
        try:
            return float(answer)
        except ValueError:
            raise ChildFailed(f"{self.name} answered '{answer}' to '{line}'") from None

    def failed(self) -> ChildFailed:
        try:
            status = self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            status = None
        words = self.log.read_text(errors="replace").strip()[-2000:]
        return ChildFailed(f"{self.name} ended with status {status}:\n{words}")

    @property
    def is_running(self) -> bool:
        return self.process.poll() is None

    def pause(self) -> None:
        """Takes the processor away from it."""
        self.signal(signal.SIGSTOP)

    def resume(self) -> None:
        self.signal(signal.SIGCONT)

    def signal(self, number: int) -> None:
        if self.is_running:
            os.killpg(self.process.pid, number)

    def end(self) -> None:
        """Asks the group to end; what is left after ten seconds is killed."""
        if self.is_running:
            self.resume()
            self.signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(timeout=10)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(OSError):
                if pipe is not None:
                    pipe.close()

    # What it costs.

    def processes(self) -> list[int]:
        """The processes of its group."""
        found = []
        for entry in pathlib.Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    if os.getpgid(int(entry.name)) == self.process.pid:
                        found.append(int(entry.name))
                except ProcessLookupError:
                    pass
        return found

    def cpu_seconds(self) -> float:
        """Processor time that the group has used."""
        total = 0
        for process in self.processes():
            fields = read(f"/proc/{process}/stat").rpartition(")")[2].split()
            total += int(fields[11]) + int(fields[12]) if len(fields) > 12 else 0
        return total / os.sysconf("SC_CLK_TCK")

    def memory(self) -> dict[str, float]:
        """Megabytes: resident, proportional (shared pages divided by their users), and the most that was resident."""
        sums = {"rss_mb": 0.0, "pss_mb": 0.0, "peak_rss_mb": 0.0}
        for process in self.processes():
            rollup = kilobytes(read(f"/proc/{process}/smaps_rollup"))
            status = kilobytes(read(f"/proc/{process}/status"))
            sums["rss_mb"] += rollup.get("Rss", 0) * 1024 / 1e6
            sums["pss_mb"] += rollup.get("Pss", 0) * 1024 / 1e6
            sums["peak_rss_mb"] += status.get("VmHWM", 0) * 1024 / 1e6
        return {name: round(value, 1) for name, value in sums.items()}

    def status(self) -> dict[str, float]:
        """Megabytes of the process that was started, under the kernel's names: resident, by kind, and at its peak."""
        found = kilobytes(read(f"/proc/{self.process.pid}/status"))
        return {name: round(found[name] * 1024 / 1e6, 1) for name in ("VmRSS", "RssAnon", "RssFile", "VmHWM")}


def read(path: str) -> str:
    try:
        return pathlib.Path(path).read_text()
    except OSError:
        return ""


def kilobytes(text: str) -> dict[str, int]:
    """The lines `Name:   123 kB` of a file below /proc."""
    found = {}
    for line in text.splitlines():
        name, _, value = line.partition(":")
        words = value.split()
        if len(words) == 2 and words[1] == "kB":
            found[name] = int(words[0])
    return found
