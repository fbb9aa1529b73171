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
CONTINUE, SEIZE, INTERRUPT, ALL_THREADS = 7, 0x4206, 0x4207, 0x40000000
# How often a thread may be let go and stopped again.
MOST_STOPS = 20


def stop_thread(thread: int, port: int) -> int:
    """Stops one thread of another process as a debugger does; the error's number where that is not permitted.

    It may be stopped with a lock that the whole process needs, such as the allocator's. That is no thread that computes for ever, so
    where nothing is answered any more it goes on for a moment and is stopped again.
    """
    library = ctypes.CDLL(None, use_errno=True)
    library.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    library.ptrace.restype = ctypes.c_long
    if library.ptrace(SEIZE, thread, None, None) != 0:
        return ctypes.get_errno() or -1
    for _ in range(MOST_STOPS):
        if library.ptrace(INTERRUPT, thread, None, None) != 0:
            return ctypes.get_errno() or -1
        os.waitpid(thread, ALL_THREADS)
        if health(port) == "200":
            break
        library.ptrace(CONTINUE, thread, None, None)
        time.sleep(0.02)
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


def watchdog(stage: Stage) -> None:
    """One thread of the model is stopped from outside while it computes."""
    unwell, endings, sentences, longest, idle = 0, [], 0, 0.0, 0
    answers: collections.Counter[str] = collections.Counter()
    times = 1 if stage.quick else 5
    for turn in range(times):
        with stage.server({"--pass-seconds": f"{PASS_SECONDS:.0f}", "--request-seconds": "20"}) as server:
            done: list[int] = []

            def ask(number: int) -> None:
                draw = random.Random(turn * 100 + number)
                with contextlib.suppress(OSError, wire.Gone), wire.Wire(server.port, 30) as connection:
                    while True:
                        done.append(connection.ask(wire.text_body([long_text(draw) for _ in range(256)])).status)

            crowd = wire.Crowd(4, ask).start()
            until = time.monotonic() + 30
            while 200 not in done and time.monotonic() < until:
                time.sleep(0.1)
            threads = computing(server)
            error = stop_thread(threads[0], server.port) if threads else 0
            if error:
                stage.tell("to stop a thread of another process", f"not permitted here ({os.strerror(error)})")
                return
            begun = time.monotonic()
            idle += not threads or 200 not in done
            seen: list[str] = []
            while server.is_alive and time.monotonic() - begun < PASS_SECONDS + 20:
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(threads[0], os.WNOHANG | ALL_THREADS)
                seen.append(health(server.port))
                time.sleep(0.02)
            longest = max(longest, time.monotonic() - begun)
            endings.append(server.process.poll())
            unwell += "503" in seen
            answers.update(seen)
            lines = [line for line in server.words().splitlines() if re.search(r"forward pass|thread", line)]
            sentences += any(line.startswith("Error: ") and line.rstrip().endswith(".") for line in lines)
            server.kill()
            stage.ended(crowd.join(40))
    stage.exactly("servers that did not compute when a thread was stopped", idle, 0)
    stage.tell("what /healthz said meanwhile", " ".join(f"{words}:{count}" for words, count in answers.items()))
    stage.exactly("/healthz said 503 before the end", unwell, times)
    stage.exactly("exit statuses", " ".join(map(str, endings)), " ".join([str(STATUS)] * times))
    stage.exactly("a sentence in the log", sentences, times)
    stage.most("longest until the end", longest, PASS_SECONDS + GRACE, in_seconds)


ATTACKS = {"watchdog": watchdog}
