"""Long lists: who waits beside them, and how long."""

from __future__ import annotations

import itertools
import random
import time

import wire
from report import counted
from stage import Stage, in_milliseconds, in_seconds, together

WORDS = "red cat tree blue dog house snow car river cloud stone bird green lamp field boat night road".split()


def long_text(draw: random.Random) -> str:
    """A caption that nobody has asked for before, about as long as the model takes."""
    return " ".join(draw.choices(WORDS, k=20)) + f" {draw.randrange(1 << 40)}"


def lists_of_texts(stage: Stage) -> None:
    """Five lists of 16,384 new texts at any time, beside single captions."""
    draw = random.Random(7)
    with stage.server() as server:
        with stage.watch(server, captions=True) as before:
            time.sleep(4 if stage.quick else 10)
        end = time.monotonic() + (10 if stage.quick else 60)
        finished: list[int] = []
        in_flight: list[float] = []
        words = [" ".join(draw.choices(WORDS, k=7)) for _ in range(4096 if stage.quick else 16384)]

        def ask(number: int) -> None:
            for turn in itertools.count():
                begun = time.monotonic()
                if begun > end:
                    return
                body = wire.text_body([f"{number} {turn} {text}" for text in words])
                sent = time.monotonic()
                answer = wire.asked(server.port, body, limit=300, source=f"127.0.0.{2 + number}")
                finished.append(answer.status)
                if answer.status == 200:
                    in_flight.append(time.monotonic() - sent)
                else:
                    time.sleep(0.5)

        with stage.watch(server, captions=True) as watch:
            crowd = together(5, ask, 400)
        watch.report_health()
        watch.report_memory()
        stage.tell("lists", counted(finished))
        stage.ended(crowd, measure="lists without an answer")
        # Captions beside nothing would be fast, too.
        stage.least("lists answered 200", finished.count(200), 5)
        stage.least("of them in flight at any time", sum(in_flight) / watch.seconds, 3, lambda value: f"{value:.1f}")
        stage.least("cores at work", watch.processor_seconds / watch.seconds, 1, lambda value: f"{value:.1f}", short=0.5)
        watch.report_captions()
        stage.tell("captions p99 without load", in_milliseconds(before.p99("captions")))
        bound = 10 * max(before.p99("captions"), 0.002)
        stage.most("captions p99 beside five lists, and ten times that", watch.p99("captions"), bound, in_milliseconds)


def shared_captions(stage: Stage) -> None:
    """Captions that also stand in somebody's long list."""
    slowest, shortest = 0.0, 300.0
    crowds = []
    with stage.server() as server:
        # A list that takes some seconds, on whatever machine this is.
        begun = time.monotonic()
        draw = random.Random(99)
        wire.asked(server.port, wire.text_body([long_text(draw) for _ in range(2048)]), limit=120)
        length = max(2048, min(16384, int(2048 * 6 / (time.monotonic() - begun)))) if stage.quick else 16384
        for turn, place in enumerate((0, 0.01, 0.5, 0.99, 1) if not stage.quick else (0.5, 1)):
            draw = random.Random(100 + turn)
            texts = [long_text(draw) for _ in range(length)]
            statuses: list[int] = []
            body = wire.text_body(texts)
            crowd = wire.Crowd(1, lambda _, body=body, to=statuses: to.append(wire.asked(server.port, body, limit=300).status)).start()
            time.sleep(0.3)
            begun = time.monotonic()
            answer = wire.asked(server.port, wire.text_body(texts[int(place * (len(texts) - 1))]), limit=300)
            slowest = max(slowest, time.monotonic() - begun if answer.status == 200 else 300)
            crowds.append(crowd.join(300))
            shortest = min(shortest, time.monotonic() - begun if statuses == [200] else 0)
    stage.tell("texts of the list", length)
    stage.ended(*crowds, measure="lists without an answer")
    stage.most("slowest caption of somebody's list", slowest, 0.5, in_milliseconds, short=1)
    # Otherwise a caption that waits for the whole list would pass.
    stage.least("which took so long, at least", shortest, 2, in_seconds)


ATTACKS = {"lists": lists_of_texts, "shared-captions": shared_captions}
