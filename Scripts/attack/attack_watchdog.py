"""A compute thread that stops amid its work: health says so, and the process ends for its supervisor."""

from __future__ import annotations

import collections
import contextlib
import ctypes
import os
import random
import re
import time

import wire
from attack_load import long_text
from server import Server
from stage import Stage, in_seconds

PASS_SECONDS = 2.0
# The watch looks once a second, and /healthz says 503 for a while before the end.
GRACE = 5.0
STATUS = 70
# A thread that is stopped at any moment may hold a lock that the whole process needs; such a turn shows nothing, and another follows.
MOST_SILENT = 2
SEIZE, INTERRUPT, ALL_THREADS = 0x4206, 0x4207, 0x40000000


def stop_thread(thread: int) -> int:
    """Stops one thread of another process as a debugger does; the error's number where that is not permitted."""
    library = ctypes.CDLL(None, use_errno=True)
    library.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    library.ptrace.restype = ctypes.c_long
    for request in (SEIZE, INTERRUPT):
        if library.ptrace(request, thread, None, None) != 0:
            return ctypes.get_errno() or -1
    return 0


def computing(server: Server) -> list[int]:
    """The threads of a model that compute now, the busiest first."""
    threads = server.threads("model-")
    before = {thread: server.thread_seconds([thread]) for thread in threads}
    time.sleep(0.1)
    return sorted(threads, key=lambda thread: before[thread] - server.thread_seconds([thread]))


def health(port: int) -> str:
    try:
        with wire.Wire(port, 1) as connection:
            connection.send(wire.get("/healthz", "Connection: close\r\n"))
            return str(connection.answer().status)
    except (OSError, wire.Gone) as trouble:
        return type(trouble).__name__


class Turn:
    """One server, one of whose model's threads is stopped from outside while it computes."""

    def __init__(self, stage: Stage, number: int) -> None:
        self.error, self.is_idle, self.seen, self.ending, self.told, self.seconds = 0, False, [], None, False, 0.0
        with stage.server({"--pass-seconds": f"{PASS_SECONDS:.0f}", "--request-seconds": "20"}) as server:
            done: list[int] = []

            def ask(client: int) -> None:
                draw = random.Random(number * 100 + client)
                with contextlib.suppress(OSError, wire.Gone), wire.Wire(server.port, 30) as connection:
                    while True:
                        done.append(connection.ask(wire.text_body([long_text(draw) for _ in range(256)])).status)

            crowd = wire.Crowd(4, ask).start()
            until = time.monotonic() + 30
            while 200 not in done and time.monotonic() < until:
                time.sleep(0.1)
            threads = computing(server)
            self.error = stop_thread(threads[0]) if threads else 0
            if not self.error:
                self.is_idle = not threads or 200 not in done
                self.watch(server, threads)
            server.kill()
            stage.ended(crowd.join(40))

    def watch(self, server: Server, threads: list[int]) -> None:
        """Asks for the server's health until it has ended."""
        begun = time.monotonic()
        while server.is_alive and time.monotonic() - begun < PASS_SECONDS + 20:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(threads[0], os.WNOHANG | ALL_THREADS)
            self.seen.append(health(server.port))
            time.sleep(0.02)
        self.seconds = time.monotonic() - begun
        self.ending = server.process.poll()
        lines = [line for line in server.words().splitlines() if re.search(r"forward pass|thread", line)]
        self.told = any(line.startswith("Error: ") and line.rstrip().endswith(".") for line in lines)

    @property
    def was_silent(self) -> bool:
        """Whether nothing was answered any more: the thread may have been stopped with a lock that all share, as the allocator's."""
        return "503" not in self.seen and "TimeoutError" in self.seen


def watchdog(stage: Stage) -> None:
    """One thread of the model is stopped from outside while it computes."""
    times = 1 if stage.quick else 5
    turns: list[Turn] = []
    silent = 0
    while len(turns) < times and silent <= MOST_SILENT:
        turn = Turn(stage, len(turns) + silent)
        if turn.error:
            stage.tell("to stop a thread of another process", f"not permitted here ({os.strerror(turn.error)})")
            return
        if turn.was_silent and silent < MOST_SILENT:
            silent += 1
        else:
            turns.append(turn)
    answers = collections.Counter(word for turn in turns for word in turn.seen)
    stage.tell("turns in which a lock was stopped, too", silent)
    stage.tell("what /healthz said meanwhile", " ".join(f"{word}:{count}" for word, count in answers.items()))
    stage.exactly("servers that did not compute when a thread was stopped", sum(turn.is_idle for turn in turns), 0)
    stage.exactly("/healthz said 503 before the end", sum("503" in turn.seen for turn in turns), times)
    stage.exactly("exit statuses", " ".join(str(turn.ending) for turn in turns), " ".join([str(STATUS)] * times))
    stage.exactly("a sentence in the log", sum(turn.told for turn in turns), times)
    stage.most("longest until the end", max(turn.seconds for turn in turns), PASS_SECONDS + GRACE, in_seconds)


ATTACKS = {"watchdog": watchdog}
