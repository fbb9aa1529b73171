"""Origins that take long: answers that drip, and bodies that are dear to unpack, beside honest ones."""

from __future__ import annotations

import threading
import time
import zlib

import pictures
import wire
from attack_fetching import ALLOWED, RIGHT, drip
from origins import Origin, whole
from stage import Stage, in_milliseconds


def drips(stage: Stage) -> None:
    """48 drips of 1.6 kB/s, from one client and from several hosts, beside another client's honest pictures."""
    data = whole(pictures.heavy_png(1 << 20))
    with (
        Origin(lambda c, p: drip(c, data, 160, 0.1, 30), "127.0.0.5") as slow,
        Origin(lambda c, p: drip(c, data, 160, 0.1, 30), "127.0.0.6") as slower,
        Origin(lambda c, p: c.sendall(whole(RIGHT))) as honest,
        stage.server(ALLOWED) as server,
    ):
        end = time.monotonic() + (10 if stage.quick else 40)

        def drip_on(number: int) -> None:
            while time.monotonic() < end:
                base = (slow, slower)[number % 2].base
                wire.embedded(server.port, f"{base}/{number}", source="127.0.0.2")

        alone = fetched(server.port, honest.base, 30)
        with stage.watch(server, captions=True) as watch:
            crowd = wire.Crowd(48, drip_on).start()
            time.sleep(1)
            beside = fetched(server.port, honest.base, 60 if stage.quick else 300)
            crowd.join(90)
        stage.ended(crowd)
        stage.least("connections that dripped", slow.connections + slower.connections, 16)
        watch.report_health()
        watch.report_captions()
        stage.exactly("honest pictures not fetched", sum(1 for seconds in beside if seconds < 0), 0)
        stage.tell("slowest honest fetch alone", in_milliseconds(max(alone)))
        stage.most("slowest honest fetch beside drips", max(beside), 1, lambda value: f"{value:.2f} s")


def fetched(port: int, base: str, count: int) -> list[float]:
    """How long honest fetches took; -1 for what failed."""
    found = []
    for number in range(count):
        begun = time.monotonic()
        answer = wire.embedded(port, f"{base}/{number}")
        found.append(time.monotonic() - begun if answer.status == 200 else -1)
    return found


def dripping_crowd(stage: Stage) -> None:
    """128 connections of 8 dripping URLs each, beside single captions."""
    data = whole(pictures.heavy_png(1 << 20))
    with Origin(lambda c, p: drip(c, data, 400, 0.1, 30)) as origin, stage.server(ALLOWED) as server:
        with stage.watch(server, captions=True) as before:
            time.sleep(3 if stage.quick else 10)

        waiting = 0
        counted, done = threading.Lock(), threading.Event()

        def ask_on(number: int) -> None:
            nonlocal waiting
            images = [wire.linked(f"{origin.base}/{number}/{part}") for part in range(8)]
            while not done.is_set():
                with counted:
                    waiting += 1
                wire.asked(server.port, wire.image_body(*images), "/clip/embed_image", source=f"127.0.0.{2 + number % 8}")
                with counted:
                    waiting -= 1
                done.wait(0.5)  # who is told that too many wait does as it is told, more or less

        with stage.watch(server, captions=True) as watch:
            crowd = wire.Crowd(128, ask_on).start()
            time.sleep(8 if stage.quick else 30)
            in_flight = waiting
            done.set()
        stage.least("connections that dripped", origin.connections, 16)
        stage.least("requests in flight at the end", in_flight, 8)
        watch.report_health()
        watch.report_memory()
        watch.report_captions()
        bound = 10 * max(before.p99("captions"), 0.002)
        stage.most("captions p99, and ten times that of no load", watch.p99("captions"), bound, in_milliseconds)


# A block of deflate that holds tables of codes and no byte, as zlib's dearest bytes; 23 bytes are whole blocks.
TABLES = b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + bytes.fromhex("04c0810800000000207feb43001c880000000000f2b73e") * 800_000


def packed_in_itself(times: int) -> bytes:
    """Empty blocks, 100 MB of them, packed as often as that: some kilobytes."""
    packing = zlib.compressobj(9, zlib.DEFLATED, 31)
    pieces = [packing.compress(b"\0\0\0\xff\xff" * 200_000) for _ in range(100)]
    data = b"".join(pieces) + packing.flush()
    for _ in range(times - 1):
        packing = zlib.compressobj(9, zlib.DEFLATED, 31)
        data = packing.compress(data) + packing.flush()
    return data


def dear_packings(stage: Stage) -> None:
    """Bodies that are dear to unpack, 16 at a time, and ones whose packings a lying line hides; an honest picture beside."""
    nested = packed_in_itself(2)
    kinds = [
        whole(TABLES, fields="Content-Encoding: gzip\r\n"),
        whole(nested, fields="Content-Encoding: gzip, gzip, gzip\r\nHTTP/x: y\r\n"),
        whole(nested, fields="Transfer-Encoding: gzip\r\nHTTP/1.1: 200 OK\r\nContent-Encoding: gzip, gzip\r\n"),
        whole(nested, fields="Content-Encoding: gzip, br\r\nHTTP/:\r\n"),
    ]
    honest_data = whole(pictures.png(64, 48, 3))
    with (
        Origin(lambda c, p: c.sendall(kinds[int(p.rsplit(b"/", 1)[1]) % 4])) as origin,
        Origin(lambda c, p: c.sendall(honest_data)) as honest,
        stage.server(ALLOWED) as server,
    ):
        end = time.monotonic() + (8 if stage.quick else 40)

        def ask_on(number: int) -> None:
            while time.monotonic() < end:
                wire.embedded(server.port, f"{origin.base}/{number}", source="127.0.0.2")

        alone = fetched(server.port, honest.base, 30)
        with stage.watch(server, captions=True) as watch:
            crowd = wire.Crowd(16, ask_on).start()
            time.sleep(1)
            beside = []
            while time.monotonic() < end - 1:
                beside += fetched(server.port, f"{honest.base}/{len(beside)}", 1)
            crowd.join(60)
        watch.report_health()
        watch.report_memory()
        watch.report_captions()
        stage.exactly("honest pictures not fetched", sum(1 for seconds in beside if seconds < 0), 0)
        stage.tell("slowest honest fetch alone", in_milliseconds(max(alone)))
        stage.most("slowest honest fetch beside dear bodies", max(beside), 1, lambda value: f"{value:.2f} s")


ATTACKS = {"drips": drips, "dripping-crowd": dripping_crowd, "dear-packings": dear_packings}
