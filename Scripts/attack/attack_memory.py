"""Everything by which a stranger makes the process hold memory, under a budget and under the kernel's limits."""

from __future__ import annotations

import contextlib
import json
import math
import os
import socket
import struct
import threading
import time
import zlib

import av1
import boxes
import pictures
import tiff
import wire
from origins import Origin, whole
from report import counted
from server import Server
from stage import Stage, in_megabytes, in_milliseconds, together

HOLD = 12.0
GIB = 1 << 30


def unlike(picture: bytes) -> bytes:
    """The same picture by other bytes, so that no cache knows it."""
    if picture[4:8] == b"ftyp":
        return picture + struct.pack(">I4s8s", 16, b"free", os.urandom(8))
    return picture + os.urandom(8)


def hungry_pictures(quick: bool) -> dict[str, bytes]:
    """Small files that decoders want much memory for, and honest ones at the limit of pixels."""
    side = 4096 if quick else 8192
    files = {
        "TIFF 5,000 samples of 16 bits": tiff.many_samples(8192, 64, 5000, 16),
        "TIFF 1,000 samples": tiff.many_samples(side, side // (2 if quick else 1), 250 if quick else 1000),
        "TIFF 500 planes": tiff.many_samples(4096, 4096, 500, planar=2),
        "TIFF 4 samples of 32 bits": tiff.many_samples(8192, 8192, 4, 32),
        "PNG RGBA16 interlaced": pictures.large_png(side),
        "PNG RGBA16": pictures.large_png(side, interlaced=False),
        "WebP 8,192": pictures.webp(8192, 8192),
        "WebP 6,300": pictures.webp(6300, 6300),
        "WebP 16,384 behind 64": pictures.webp(16384, 16384, (64, 64)),
        "WebP 24,000 sets of codes": pictures.webp_of_codes(1024, 24_000),
        "WebP 65,536 sets of codes": pictures.webp_of_codes(1024, 65_536),
        "GIF 8,192": pictures.gif((8192, 8192)),
        "GIF frame of 8,192 on 64": pictures.gif((64, 64), frame=(8192, 8192)),
        "JPEG progressive 8,192": pictures.jpeg_of_scans(8192, 1),
        "JPEG ended early": pictures.ended_jpeg(640),
        "JPEG in three scans, 8,192": pictures.tall_jpeg(8192, 8192),
        "JPEG in TIFF, 3,900 in 8 rows": tiff.with_jpegs(4096, 8, [3900]),
        "JPEG in TIFF, 3,900 in the last 8 rows": tiff.with_jpegs(4096, 8, [8, 3900]),
        "PNG profile of 4 GB": pictures.talkative_png(b"iCCP", 1, 4 << 30),
    }
    for name, file in tiff.odd_files().items():
        files["TIFF " + name] = file
    return files | boxes.files() | av1.files()


def same(embedding: list[float], right: list[float] | None) -> bool:
    """Whether two embeddings are of one picture: sums are taken in another order in a batch of another size."""
    return right is not None and math.dist(embedding, right) <= 1e-4 * math.hypot(*right)


class Storm:
    """Clients that send hostile pictures at the same time, and what each was answered."""

    def __init__(self, server: Server, files: dict[str, bytes], width: int) -> None:
        self.server, self.width = server, width
        self.answers: dict[str, list[wire.Answer]] = {name: [] for name in files}
        self.unanswered = 0
        self.files = files

    def run(self, rounds: int = 1) -> None:
        for name, file in self.files.items():
            crowd = together(self.width, lambda _, name=name, file=file: self._send(name, file, rounds), 150)
            self.unanswered += len(crowd.troubles)

    def _send(self, name: str, file: bytes, rounds: int) -> None:
        for _ in range(rounds):
            try:
                self.answers[name].append(wire.embedded(self.server.port, unlike(file), limit=60))
            except (OSError, wire.Gone):
                self.unanswered += 1
                if not self.server.is_alive:
                    return

    def accepted(self) -> dict[str, list[list[float]]]:
        found = {name: [a.embedding for a in answers if a.status == 200] for name, answers in self.answers.items()}
        return {name: embeddings for name, embeddings in found.items() if embeddings}

    def statuses(self) -> str:
        counts: dict[int, int] = {}
        for answers in self.answers.values():
            for answer in answers:
                counts[answer.status] = counts.get(answer.status, 0) + 1
        return " ".join(f"{status}:{count}" for status, count in sorted(counts.items()))


def wrong_answers(stage: Stage, storm: Storm) -> list[str]:
    """The files whose embedding under pressure is another than without."""
    wrong = []
    with stage.server() as calm:
        for name, embeddings in storm.accepted().items():
            answer = wire.embedded(calm.port, unlike(storm.files[name]), limit=120)
            right = answer.embedding if answer.status == 200 else None
            if any(not same(embedding, right) for embedding in embeddings):
                wrong.append(name)
    return wrong


def pictures_under_budget(stage: Stage) -> None:
    """The header says what a decode may cost, and the budget decides."""
    files = hungry_pictures(stage.quick)
    with stage.server({"--image-formats": "jpeg,png,webp,gif,bmp,tiff,avif,heic"}) as server:
        with stage.watch(server) as watch:
            storm = Storm(server, files, 4 if stage.quick else 12)
            storm.run()
        watch.report_memory()
        watch.report_health()
        stage.tell("answers", storm.statuses())
        stage.exactly("requests without an answer", storm.unanswered, 0)
    wrong = wrong_answers(stage, storm)
    stage.exactly("wrong embeddings with 200", len(wrong), 0)
    for name in wrong:
        stage.tell("wrong embedding", name)


def pictures_under_limits(stage: Stage) -> None:
    """The same where the kernel refuses memory: an error is an answer, a death or a wrong picture is none."""
    files = hungry_pictures(stage.quick)
    for limit in (1.5,) if stage.quick else (1.5, 3, 4):
        with stage.confined(int(limit * GIB)) as server:
            with stage.watch(server) as watch:
                storm = Storm(server, files, 4 if stage.quick else 8)
                storm.run(1 if stage.quick else 2)
                # What was refused under pressure must not be remembered as something else.
                again = Storm(server, files, 1)
                if watch.server.is_alive:
                    again.run()
            label = f"{limit} GB of addresses"
            watch.report_health(label)
            stage.tell(f"answers ({label})", storm.statuses())
            stage.exactly(f"requests without an answer ({label})", storm.unanswered + again.unanswered, 0)
        wrong = sorted({*wrong_answers(stage, storm), *wrong_answers(stage, again)})
        stage.exactly(f"wrong embeddings with 200 ({label})", len(wrong), 0)
        for name in wrong:
            stage.tell("wrong embedding", name)


def report_crowding(stage: Stage, watch) -> None:
    """The rows of attacks beside which small requests must go on."""
    watch.report_memory()
    watch.report_health()
    watch.report_captions()
    stage.tell("captions p99", in_milliseconds(watch.p99("captions")))


def unfinished_bodies(stage: Stage) -> None:
    """40 bodies of 60 MiB of which the last byte never comes."""
    part = b'{"image":{"type":"base64","value":"' + b"A" * (1 << 20)
    with stage.server() as server:
        done = threading.Event()

        def hold(number: int) -> None:
            with wire.Wire(server.port, 5) as connection:
                length = 60 << 20
                chunked = number % 4 == 3
                fields = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {length}"
                head = f"POST /clip/embed_image HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n{fields}\r\n\r\n"
                connection.send(head.encode())
                try:
                    for _ in range(59):
                        connection.send(b"%x\r\n" % len(part) + part + b"\r\n" if chunked else part)
                except OSError:
                    pass  # it has stopped reading, or has closed
                done.wait()

        with stage.watch(server, captions=True) as watch:
            crowd = wire.Crowd(40, hold).start()
            time.sleep(HOLD if stage.quick else 40)
            done.set()
            crowd.join(10)
        stage.ended(crowd, measure="clients that could not hold a body")
        report_crowding(stage, watch)


def unread_answers(stage: Stage) -> None:
    """60 clients that ask for megabytes and read nothing."""
    texts = wire.text_body([f"a photo of {number}" for number in range(16384)])
    with stage.server() as server:
        wire.asked(server.port, texts)
        done = threading.Event()

        def hold(_: int) -> None:
            with wire.Wire(server.port, 5, receive=4096) as connection:
                with contextlib.suppress(OSError):  # where there is no room, it is not even read
                    connection.send(wire.post(texts))
                done.wait()

        with stage.watch(server, captions=True) as watch:
            crowd = wire.Crowd(60, hold).start()
            time.sleep(HOLD if stage.quick else 90)
            done.set()
            crowd.join(10)
        stage.ended(crowd, measure="clients that could not hold an answer")
        report_crowding(stage, watch)


def fetched_bytes(stage: Stage) -> None:
    """14 requests of 8 URLs of 20 MB each, of which the last takes its time."""
    answer = whole(pictures.heavy_png(20_000_000))

    def serve(connection: socket.socket, path: bytes) -> None:
        if path.endswith(b"-7"):
            for at in range(0, 16384, 2048):
                connection.sendall(answer[at : at + 2048])
                time.sleep(1)
        connection.sendall(answer[16384:] if path.endswith(b"-7") else answer)

    with Origin(serve) as origin:
        with stage.server({"--allow-private-addresses": None}) as server:
            outcomes: list[int] = []

            def ask(number: int) -> None:
                images = [wire.linked(f"{origin.base}/{number}-{part}") for part in range(8)]
                answer = wire.asked(server.port, wire.image_body(*images), "/clip/embed_image", source=f"127.0.0.{2 + number % 4}")
                outcomes.append(answer.status)

            with stage.watch(server, captions=True) as watch:
                crowd = together(14, ask, 90)
            report_crowding(stage, watch)
            stage.tell("answers", counted(outcomes))
            stage.ended(crowd)


def json_monsters() -> dict[str, bytes]:
    """Bodies that are large, deep, or long in an unusual place."""
    size = 60 << 20
    joined = "\U0001f468\u200d" * 1000
    return {
        "blanks for a number": b'{"text":"a","start":"' + b" " * size + b'"}',
        "digits for a number": b'{"text":"a","start":' + b"1" * size + b"}",
        "digits in a string": b'{"text":"a","start":"' + b"1" * size + b'"}',
        "fraction without end": b'{"text":"a","start":0.' + b"0" * size + b"1}",
        "exponent without end": b'{"text":"a","start":1e' + b"9" * size + b"}",
        "blanks between": b'{"text":' + b" \n\t\r" * (size // 4) + b'"a"}',
        "depth of lists": b'{"text":' + b"[" * size,
        "depth of objects": b'{"text":"a","x":' + b'{"a":' * (size // 5),
        "many fields": b'{"text":"a"' + b"".join(b',"%d":0' % number for number in range(4_000_000)) + b"}",
        "one field often": b'{"text":"a"' + b',"text":"a"' * (size // 11) + b"}",
        "many values": b'{"text":"a","x":[' + b"0," * (size // 2 - 1) + b"0]}",
        "texts of nothing": b'{"text":[' + b'"",' * (size // 3) + b'""]}',
        "one long text": b'{"text":"' + b"a" * size + b'"}',
        "one text of escapes": b'{"text":"' + b"\\u0041" * (size // 6) + b'"}',
        "one text of ampersands": b'{"text":"' + b"&amp;" * (size // 5) + b'"}',
        "half of a pair": b'{"text":"' + b"\\ud83d" * (size // 6) + b'"}',
        "long name": ('{"text":"a","image":{"' + joined * 800 + '":1}}').encode(),
        "long name of a prompt": ('{"subject":"a","subject_type":"text","prompt":{"' + joined * 800 + '":1}}').encode(),
        "wrong at the end": b'{"text":["' + b"a" * size + b'"}',
        "not UTF-8 at the end": b'{"text":"' + b"a" * size + b'\xff"}',
        "base64 of blanks": b'{"image":{"type":"base64","value":"' + b" " * size + b'"}}',
        "base64 in escapes": b'{"image":{"type":"base64","value":"' + b"\\u0041" * (size // 6) + b'"}}',
        "a long URL": b'{"image":{"type":"url","value":"http://a/' + b"%20" * (size // 3) + b'"}}',
        "a long type": b'{"image":{"type":"' + b"x" * size + b'","value":"a"}}',
    }


def json_bodies(stage: Stage) -> None:
    """Whatever a body holds, reading it holds nobody else up."""
    monsters = json_monsters()
    paths = {"subject": "/clip/compare", "image": "/clip/embed_image"}
    with stage.server() as server:
        largest, outcomes, cut, late = 0, [], [], []

        def send(name: str) -> None:
            nonlocal largest
            body = monsters[name]
            path = next((path for key, path in paths.items() if body.startswith(b'{"%s"' % key.encode())), "/clip/embed_text")
            try:
                answer = wire.asked(server.port, body, path, limit=60)
            except TimeoutError:
                late.append(name)
                return
            except (wire.Gone, OSError):
                cut.append(name)
                return
            largest = max(largest, len(answer.body))
            outcomes.append(str(answer.status))

        with stage.watch(server, captions=True) as watch:
            times = 1 if stage.quick else 4
            crowds = [together(times, lambda _, name=name: send(name), 90) for name in monsters]
        report_crowding(stage, watch)
        stage.tell("answers", counted(outcomes))
        stage.ended(*crowds, measure="clients that did not come to their end")
        stage.exactly(f"bodies without an answer, of {times * len(monsters)}", times * len(monsters) - len(outcomes), 0)
        for name in sorted({*cut, *late}):
            stage.tell("cut off" if name in cut else "no answer within 60 s", name)
        stage.exactly("answered 500", outcomes.count("500"), 0)
        stage.most("largest answer to a wrong body, bytes", largest, 65536)


def packed_bodies(stage: Stage) -> None:
    """Bodies that unpack to gigabytes."""
    plain = json.dumps({"text": "a"}).encode()
    bomb = pictures.zeros(4 * GIB)
    raw = bomb[2:-4]
    gzip = b"\x1f\x8b\x08\0\0\0\0\0\0\3" + raw + bytes(8)
    twice = zlib.compress(gzip)
    with stage.server() as server:
        statuses: list[int] = []

        def send(number: int) -> None:
            body, coding = [(gzip, "gzip"), (bomb, "deflate"), (raw, "deflate"), (twice, "gzip, deflate")][number % 4]
            statuses.append(wire.asked(server.port, body, fields=f"Content-Encoding: {coding}\r\n").status)

        with stage.watch(server, captions=True) as watch:
            crowd = together(8 if stage.quick else 32, send, 90)
        report_crowding(stage, watch)
        stage.exactly("bombs that were not refused", sum(1 for s in statuses if s not in (400, 413, 415, 429, 503)), 0)
        stage.ended(crowd)
        with wire.Wire(server.port) as connection:
            packer = zlib.compressobj(wbits=31)
            small = packer.compress(plain) + packer.flush()
            answer = connection.ask(small, fields="Content-Encoding: gzip\r\n")
            stage.holds("an honest packed body is read, or refused with 415", answer.status in (200, 415))


ATTACKS = {
    "pictures": pictures_under_budget,
    "address-space": pictures_under_limits,
    "unfinished-bodies": unfinished_bodies,
    "unread-answers": unread_answers,
    "fetched-bytes": fetched_bytes,
    "json": json_bodies,
    "packed-bodies": packed_bodies,
}
