"""Connections by the thousand, and connections that do next to nothing."""

from __future__ import annotations

import contextlib
import resource
import select
import socket
import struct
import threading
import time

import wire
from server import Server
from stage import Stage, in_milliseconds, together


def hold_open(port: int, count: int, say: bytes = b"") -> list[socket.socket]:
    """As many connections as the server's machine gives; nothing more is said on them."""
    held = []
    for _ in range(count):
        connection = socket.socket()
        connection.setblocking(False)
        connection.connect_ex(("127.0.0.1", port))
        held.append(connection)
    time.sleep(0.3)
    for connection in held:
        if say:
            with contextlib.suppress(OSError):
                connection.send(say)
    return held


def descriptors(stage: Stage) -> None:
    """Idle connections use up all descriptors that there are, ten times."""
    times, seconds = (2, 3) if stage.quick else (10, 60)
    says = [b"", b"GET /info HTTP/1.1\r\nHost: a\r\n", b"POST /clip/embed_text HTTP/1.1\r\nHost: a\r\nContent-Length: 90\r\n\r\n{"]
    for limit in (600, 1024):
        deaths, unanswered, busiest, health, captions = 0, 0, 0.0, 0.0, 0.0
        for number in range(times):
            with stage.server(limits={resource.RLIMIT_NOFILE: (limit, limit)}) as server:
                with stage.watch(server, captions=True) as watch:
                    held = hold_open(server.port, limit + (160, -24, 400)[number % 3], says[number // 2 % 3])
                    time.sleep(1)
                    busy = server.processor_seconds()
                    time.sleep(seconds)
                    busy = (server.processor_seconds() - busy) / seconds
                deaths += not watch.survived
                unanswered += watch.refused("health") + watch.refused("captions")
                health, captions = max(health, watch.p99("health")), max(captions, watch.p99("captions"))
                asked = len(watch.seen["health"]["seconds"]) + len(watch.seen["captions"]["seconds"])
                busiest = max(busiest, busy)
                for connection in held:
                    connection.close()
        label = f"({limit} descriptors, {times} x {seconds} s)"
        stage.exactly(f"deaths {label}", deaths, 0)
        stage.exactly(f"honest requests not answered {label}", unanswered, 0)
        stage.most(f"/healthz p99 {label}", health, 0.1, in_milliseconds)
        stage.tell(f"captions p99 {label}", in_milliseconds(captions))
        # Two honest clients ask a hundred times a second all the while.
        stage.most(f"processor beside {asked / seconds:.0f} requests/s", busiest, 0.5, lambda value: f"{value * 100:.0f} %")


def slow_clients(stage: Stage) -> None:
    """200 clients that send a byte now and then, in the head, in a body, or half closed."""
    with stage.server() as server:
        done = threading.Event()

        def trickle(number: int) -> None:
            starts = [
                b"POST /clip/embed_text HTTP/1.1\r\nX-A: ",
                b"POST /clip/embed_text HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n",
                b"POST /clip/embed_text HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
                b"POST /clip/embed_text HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;",
                b"\r\n",
                b"G",
            ]
            with wire.Wire(server.port) as connection:
                connection.send(starts[number % 6])
                if number % 12 == 11:
                    connection.socket.shutdown(socket.SHUT_WR)
                with contextlib.suppress(OSError):  # slow heads and bodies are cut off in the end
                    while not done.wait(1 + number % 3):
                        connection.send(b"\r\n" if number % 6 == 4 else b"1" if number % 6 != 2 else b"1\r\na\r\n")

        with stage.watch(server, captions=True) as watch:
            crowd = wire.Crowd(200, trickle).start()
            time.sleep(8 if stage.quick else 90)
            done.set()
            crowd.join(10)
        watch.report_health()
        watch.report_memory()
        watch.report_captions()
        stage.tell("captions p99", in_milliseconds(watch.p99("captions")))
        stage.ended(crowd, measure="clients that could not be slow")


def coming_and_going(stage: Stage) -> None:
    """Clients that connect and reset, ask and leave, or send requests by the thousand and read no answer."""
    with stage.server() as server:
        end = time.monotonic() + (6 if stage.quick else 60)
        lists = wire.post(wire.text_body([f"{number}" for number in range(256)]))

        def come(number: int) -> None:
            while time.monotonic() < end:
                with contextlib.suppress(OSError), wire.Wire(server.port, 5, receive=4096) as connection:
                    kind = number % 4
                    if kind == 0:
                        connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    elif kind == 1:
                        connection.send(lists)
                    elif kind == 2:
                        for _ in range(200):
                            connection.send(wire.get("/info") * 500)
                    else:
                        connection.send(lists * 20)
                        connection.socket.shutdown(socket.SHUT_WR)
                        time.sleep(0.2)

        with stage.watch(server, captions=True) as watch:
            crowd = together(32, come, 100)
        stage.ended(crowd, measure="clients that could not come and go")
        watch.report_health()
        watch.report_memory()
        statuses = watch.seen["captions"]["statuses"]
        stage.exactly("captions neither answered nor told to wait", sum(n for s, n in statuses.items() if s not in ("200", "429")), 0)
        time.sleep(2)
        stage.holds("answers as before", wire.asked(server.port, wire.text_body("a cat")).status == 200)


class Returning:
    """So many connections on which that is said and nothing read, each of which comes again when it is made to leave."""

    def __init__(self, port: int, count: int, say: bytes = b"") -> None:
        self.port, self.say, self.came = port, say, 0
        self.unsaid: dict[int, bytes] = {}
        self.done = threading.Event()
        self.poll = select.epoll()
        self.held: dict[int, socket.socket] = {}
        for _ in range(count):
            self._come()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _come(self) -> None:
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.setblocking(False)
        connection.bind(("127.0.0.2", 0))
        connection.connect_ex(("127.0.0.1", self.port))
        self.held[connection.fileno()] = connection
        if self.say:
            self.unsaid[connection.fileno()] = self.say
        self.poll.register(connection, select.EPOLLRDHUP | select.EPOLLHUP | select.EPOLLERR)
        self.came += 1

    def _run(self) -> None:
        while not self.done.is_set():
            for number, _ in self.poll.poll(0.05):
                self.unsaid.pop(number, None)
                self.held.pop(number).close()
                self._come()
            for number, rest in list(self.unsaid.items()):
                with contextlib.suppress(OSError):
                    self.unsaid[number] = rest[self.held[number].send(rest) :]
                if not self.unsaid[number]:
                    del self.unsaid[number]

    def end(self) -> None:
        self.done.set()
        self.thread.join()
        for connection in self.held.values():
            connection.close()
        self.poll.close()


def returning(stage: Stage) -> None:
    """More silent connections than there are places for, which come again when they make room."""
    for name, count in (("requests", 1500), ("health", 1100)):
        with stage.server({"--health-port": "0", "--max-connections": "1024"}) as server:
            port = server.health_port if name == "health" else server.port
            with stage.watch(server, captions=name == "requests", port=port) as watch:
                crowd = Returning(port, count)
                time.sleep(5 if stage.quick else 60)
                crowd.end()
            watch.report_health(f"at the port of {name}")
            watch.report_memory(f"at the port of {name}")
            stage.least(f"came, at the port of {name}", crowd.came / watch.seconds, 1000, lambda value: f"{value:.0f}/s", short=100)
            if name == "requests":
                watch.report_captions()


def short_answers(stage: Stage) -> None:
    """More connections than there are places for, on each of which short answers wait to be read; who leaves comes again."""
    with stage.server({"--max-connections": "128"}) as server:
        # Answers of some 40 kB, which are known after the first; the system takes 70 of them.
        say = wire.post(wire.text_body([f"{number}" for number in range(8)])) * 120
        with stage.watch(server, captions=True) as watch:
            crowd = Returning(server.port, 200, say)
            time.sleep(12 if stage.quick else 60)
            crowd.end()
        watch.report_health()
        watch.report_memory()
        watch.report_captions()


ATTACKS = {"descriptors": descriptors, "returning": returning, "short-answers": short_answers, "slow-clients": slow_clients, "coming-and-going": coming_and_going}
