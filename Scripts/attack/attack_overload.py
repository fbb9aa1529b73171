"""More requests than can be answered: who is taken on, who is sent away, and what those are told."""

from __future__ import annotations

import bisect
import math
import random
import statistics
import threading
import time
import typing

import wire
from attack_load import long_text
from report import counted, percentile
from server import Server
from stage import Stage, in_milliseconds, in_parts, in_seconds, together

DEADLINE = 5.0
REFUSED_LIMIT = 0.02
TEXTS = 48
# Requests come from several clients, none of which could fill the queue alone.
CLIENTS, ADDRESSES = 400, 8
NEAR = 1.0


class Sent(typing.NamedTuple):
    address: str
    when: float
    outcome: str
    seconds: float
    retry_after: float
    deadline: float


class Overload:
    """Asks at a steady pace, whatever becomes of the answers; the schedule is kept by as many clients as it takes."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.sent: list[Sent] = []
        self.late = 0

    def capacity(self, seconds: float) -> float:
        """Requests a second with some clients that wait for their answers."""
        done, end = [], time.monotonic() + seconds

        def ask(number: int) -> None:
            draw = random.Random(number)
            with wire.Wire(self.server.port, source=f"127.0.0.{2 + number}") as connection:
                while time.monotonic() < end:
                    if connection.ask(self._body(draw)).status == 200:
                        done.append(1)

        together(6, ask)
        return len(done) / seconds

    @staticmethod
    def _body(draw: random.Random) -> bytes:
        return wire.text_body([long_text(draw) for _ in range(TEXTS)])

    def run(self, *paces: tuple[float, float, tuple[float, ...]]) -> wire.Crowd:
        """So many requests a second for so many seconds, each with one of the deadlines, one pace after another."""
        due, at = [], 0.5
        for rate, seconds, deadlines in paces:
            due += [(at + turn / rate, deadlines) for turn in range(int(rate * seconds))]
            at += seconds
        begun, turns, lock = time.monotonic(), iter(due), threading.Lock()

        def client(number: int) -> None:
            draw = random.Random(1000 + number)
            address = f"127.0.0.{2 + number % ADDRESSES}"
            connection: wire.Wire | None = None
            while True:
                body = self._body(draw)
                with lock:
                    turn = next(turns, None)
                if turn is None:
                    return
                deadline = draw.choice(turn[1])
                wait = begun + turn[0] - time.monotonic()
                if wait > 0:
                    time.sleep(wait)
                else:
                    self.late += wait < -0.2
                sent = time.monotonic()
                retry = 0.0
                try:
                    connection = connection or wire.Wire(self.server.port, 60, address)
                    answer = connection.ask(body, fields=f"X-Request-Timeout: {deadline}\r\n")
                    outcome, retry = str(answer.status), float(answer.fields.get("retry-after", 0))
                    if answer.fields.get("connection", "").lower() == "close":
                        connection.close()
                        connection = None
                except (OSError, wire.Gone) as trouble:
                    outcome, connection = type(trouble).__name__, None
                self.sent.append(Sent(address, sent, outcome, time.monotonic() - sent, retry, deadline))

        return together(CLIENTS, client, at + 90)

    def outcomes(self) -> list[str]:
        return [sent.outcome for sent in self.sent]

    def those(self, outcome: str) -> list[Sent]:
        return [sent for sent in self.sent if sent.outcome == outcome]

    def report(self, stage: Stage, crowd: wire.Crowd) -> None:
        """The rows of every overload."""
        outcomes = self.outcomes()
        stage.tell("answers", counted(outcomes))
        stage.tell("requests sent later than they were due", self.late)
        stage.ended(crowd, measure="clients that did not come to their end")
        stage.exactly("lost", sum(1 for outcome in outcomes if not outcome.isdigit()), 0)
        refused = self.those("429")
        stage.least("the overload was one: refused", len(refused), 50)
        stage.most("refused p99", percentile([sent.seconds for sent in refused], 0.99), REFUSED_LIMIT, in_milliseconds)


def overload(stage: Stage) -> None:
    """Four times as many requests as can be answered, each with a deadline."""
    with stage.server() as server:
        load = Overload(server)
        capacity = load.capacity(3 if stage.quick else 10)
        idle = server.resident()
        with stage.watch(server) as watch:
            crowd = load.run((4 * capacity, 8 if stage.quick else 60, (DEADLINE,)))
        watch.report_health()
        watch.report_memory()
        time.sleep(2)
        stage.tell("capacity, requests/s", f"{capacity:.0f}")
        load.report(stage, crowd)
        accepted = [sent.seconds for sent in load.those("200")]
        stage.least("accepted", len(accepted), 20)
        stage.most("accepted p99, and the deadline", percentile(accepted, 0.99), DEADLINE, in_seconds)
        dropped = len(load.those("503"))
        stage.most("accepted, but past their time (503)", dropped / max(1, len(accepted) + dropped), 0.01, lambda v: f"{v * 100:.1f} %")
        stage.tell("answered in time, of the capacity", in_parts(len(accepted) / max(1e-9, capacity * watch.seconds)))
        stage.tell("memory over idle 2 s later", f"{(server.resident() - idle) / 1e6:.0f} MB")


def retry_after(stage: Stage) -> None:
    """Waves of overload, so that those who are sent away are so at queues of every length: is what they are told true?

    The truth of a refused request is how long those of its address waited that were sent within a second of it and taken on: had
    it been taken on, its answer would have come then, and what was in hand when it was refused is done then. Requests of short deadlines are
    refused at short queues, those of long ones at long queues, while the queue grows and while it ends. The field holds whole
    seconds, one at least."""
    growing = (1.0, 2.0, 4.0, 8.0, 40.0, 40.0, 40.0, 40.0, 40.0, 40.0)
    ending = (1.0, 1.0, 1.0, 1.0, 1.0, 40.0)
    with stage.server({"--queue-seconds": "30", "--max-pending": "100000"}) as server:
        load = Overload(server)
        capacity = load.capacity(3 if stage.quick else 10)
        crowd = load.run(*[(3 * capacity, 5.0, growing), (capacity, 8.0, ending)] * (2 if stage.quick else 8))
    load.report(stage, crowd)
    accepted: dict[str, list[tuple[float, float]]] = {}
    for sent in sorted(load.those("200"), key=lambda sent: sent.when):
        accepted.setdefault(sent.address, []).append((sent.when, sent.seconds))
    parts = [sent.seconds / sent.deadline for sent in load.those("200")]
    stage.most("accepted p99, of the deadline", percentile(parts, 0.99), 1, in_parts, short=1.2)
    judged = [(sent.retry_after, truth) for sent in load.those("429") if (truth := waited(accepted.get(sent.address, []), sent.when)) is not None]
    stage.tell("accepted, but past their time (503)", len(load.those("503")))
    stage.least("refused beside others that were taken on", len(judged), 50)
    report_truths(stage, judged or [(0.0, 1.0)])


def waited(accepted: list[tuple[float, float]], when: float) -> float | None:
    """The median of the three that were taken on nearest to that time; none where there was nobody near."""
    at = bisect.bisect(accepted, (when, 0.0))
    near = sorted(accepted[max(0, at - 3) : at + 3], key=lambda one: abs(one[0] - when))[:3]
    near = [one for one in near if abs(one[0] - when) <= NEAR]
    return statistics.median(seconds for _, seconds in near) if near else None


def is_true(said: float, truth: float) -> bool:
    return truth / 2 <= said <= max(2 * truth, 1)


def share_of_true(judged: list[tuple[float, float]]) -> dict[str, tuple[float, int]]:
    """The share of true ones, and their number, by how long they would have had to wait: a second, two, four, eight, more."""
    found = {}
    for longest, name in ((1, "under 1 s"), (2, "1 to 2 s"), (4, "2 to 4 s"), (8, "4 to 8 s"), (math.inf, "8 s and more")):
        some = [one for one in judged if longest / 2 <= max(one[1], 0.5) < longest or longest == math.inf and one[1] >= 8]
        if len(some) >= 10:
            found[name] = (sum(is_true(*one) for one in some) / len(some), len(some))
    return found


def mean_share(judged: list[tuple[float, float]]) -> float:
    """Of waits of every length alike: most are refused where the queue is longest."""
    shares = [share for share, _ in share_of_true(judged).values()]
    return statistics.mean(shares) if shares else 0


def report_truths(stage: Stage, judged: list[tuple[float, float]]) -> None:
    """What was said beside what was true, and that one number for all would not have done."""
    parts = (0.05, 0.5, 0.95)
    truths, said = [truth for _, truth in judged], [said for said, _ in judged]
    ratios = [said / max(truth, 0.5) for said, truth in judged]
    for name, values in (("waited", truths), ("said", said), ("said of waited", ratios)):
        stage.tell(f"{name}: p5, median, p95", " ".join(f"{percentile(values, part):.1f}" for part in parts))
    for name, (share, count) in share_of_true(judged).items():
        stage.tell(f"true of those who would have waited {name}", f"{in_parts(share)} of {count}")
    shortest, longest = percentile(truths, 0.05), percentile(truths, 0.95)
    stage.least("longest wait (p95)", longest, 4, in_seconds)
    stage.least("of the shortest (p5)", longest / max(shortest, 0.5), 4, lambda value: f"{value:.1f}")
    constant = max(mean_share([(float(value), truth) for truth in truths]) for value in range(1, 21))
    stage.most("what the best constant would have had", constant, 0.7, in_parts)
    stage.least("Retry-After within a factor of 2", mean_share(judged), 0.95, in_parts, short=0.75)


ATTACKS = {"overload": overload, "retry-after": retry_after}
