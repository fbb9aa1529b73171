"""Pictures that want processor time: each is sent alone, and once more by a client that leaves."""

from __future__ import annotations

import time

import av1
import boxes
import pictures
import tiff
import wire
from attack_memory import unlike
from report import counted
from server import Server
from stage import Stage, in_megabytes, in_milliseconds, in_seconds

MOST_SECONDS = 10.0
# How long after its client has left a decode may go on.
STOP_SECONDS = 0.2
# A client leaves when its decode has taken so long; the rest has to be long enough to be missed.
LEAVING, REST = 0.1, 0.4
WATCHED = 1.0
GB = 1 << 30


def slow_pictures(quick: bool) -> dict[str, bytes]:
    """20 MB and less that keep a decoder busy. The short forms are a tenth."""
    tenth = 10 if quick else 1
    return {
        "PNG of 64 x 64, 20 GB behind it": pictures.endless_png(20 * GB // tenth),
        "PNG of 64 x 64, 20 GB in one chunk": pictures.endless_png(20 * GB // tenth, 1 << 26),
        "PNG with 1,000 iTXt": pictures.talkative_png(b"iTXt", 1000 // tenth, 8 << 20),
        "PNG with 1,000 zTXt": pictures.talkative_png(b"zTXt", 1000 // tenth, 8 << 20),
        "PNG with a million chunks": pictures.crumbling_png(1_500_000 // tenth),
        "PNG with 2,000 eXIf": pictures.talkative_png(b"eXIf", 2000 // tenth, 8192),
        "PNG RGBA16 interlaced": pictures.large_png(8192),
        "TIFF of 1,000 samples": tiff.many_samples(8192, 8192 // (10 if quick else 4), 1000),
        "TIFF of 32 bits": tiff.many_samples(8192, 8192, 4, 32),
        "TIFF of 262,144 tiles": tiff.odd_files()["262,144 tiles"],
        "JPEG of 96 scans of 8,192 x 8,192": pictures.dear_jpeg(),
        "JPEG of 190,000 scans": pictures.jpeg_of_scans(8192, 190_000 // tenth),
        "JPEG of 4,800 scans of 1,024": pictures.jpeg_of_scans(1024, 4800 // tenth),
        "JPEG with 5 million comments": pictures.chattering_jpeg(5_000_000 // tenth),
        "JPEG with 300 profiles": pictures.chattering_jpeg(300 // tenth, 0xE2, 65000),
        "GIF of 8,192 x 8,192": pictures.gif((8192, 8192)),
        "GIF of 400 frames": pictures.gif((8192, 8192), 400 // tenth),
        "GIF of 600,000 frames": pictures.gif((64, 64), 600_000 // tenth, (1, 1)),
        "GIF with 20 MB of comments": pictures.gif((64, 64), comment=20_000_000 // tenth),
        "GIF with 6 million empty blocks": pictures.gif_of_blocks(6_600_000 // tenth),
        "WebP of 8,192 x 8,192": pictures.webp(8192, 8192),
        "WebP of 6,320 x 6,320": pictures.webp(6320, 6320),
        "WebP of 3,800 x 3,800, transformed": pictures.webp(3800, 3800, mode=13),
        "WebP of 6,320 x 6,320, transformed": pictures.webp(6320, 6320, mode=13),
        "WebP of 24,000 sets of codes": pictures.webp_of_codes(1024, 24_000),
        "WebP of 65,536 sets of codes": pictures.webp_of_codes(1024, 65_536),
        "BMP of idle runs": pictures.bmp_of_runs(64, 64, 5_000_000 // tenth),
        "BMP of lost runs": pictures.bmp_of_lost_runs(10_000_000 // tenth),
        **boxes.files(),
        **av1.files(),
    }


def slow_decodes(stage: Stage) -> None:
    """No file costs more than ten seconds of a processor, and none goes on when its client has left."""
    worst, worst_name, statuses = 0.0, "", []
    stops: dict[str, float] = {}
    left_early: dict[str, float] = {}
    with stage.server({"--image-formats": "jpeg,png,webp,gif,bmp,tiff,avif,heic"}) as server:
        with stage.watch(server, captions=True) as watch:
            requests = {name: [file] for name, file in slow_pictures(stage.quick).items()}
            requests["four JPEGs of 96 scans in a request"] = [pictures.dear_jpeg()] * 4
            for name, files in requests.items():
                decode = Decode(server, files)
                decode.run()
                statuses.append(decode.status)
                # What one request may cost is counted by its pictures.
                if decode.cost / len(files) > worst:
                    worst, worst_name = decode.cost / len(files), name
                if decode.cost > 1:
                    stage.tell(name, f"{decode.cost:.1f} s, {decode.status}")
                if decode.seconds > LEAVING + REST:
                    stop = decode.seconds_after_leaving()
                    if stop is not None:
                        stops[name], left_early[name] = stop, decode.seconds
        watch.report_memory()
        watch.report_health()
        watch.report_captions()
    stage.tell("answers", counted(statuses))
    stage.most("largest file", max(len(file) for files in requests.values() for file in files), 21_000_000, in_megabytes)
    stage.exactly("pictures without an answer", statuses.count("none"), 0)
    stage.most(f"dearest decode ({worst_name})", worst, MOST_SECONDS, in_seconds)
    stage.least("decodes whose client left amid them", len(stops), 2)
    stage.least("the longest of them, when it is left alone", max(left_early.values(), default=0), 1.1, in_seconds)
    latest = max(stops, key=stops.get, default="none")
    stage.most(f"end after its client left ({latest})"[:58], stops.get(latest, 0), STOP_SECONDS, in_milliseconds, short=STOP_SECONDS * 2)


class Decode:
    """A request with pictures: its cost, which is the whole process's, and the time of the threads that decode, nobody else's here."""

    def __init__(self, server: Server, files: list[bytes]) -> None:
        self.server, self.files = server, files
        self.seconds, self.cost, self.status = 0.0, 0.0, "none"

    def _body(self) -> bytes:
        return wire.image_body(*(wire.encoded(unlike(file)) for file in self.files))

    def _spent(self) -> float:
        # Threads that a library starts are called as those that start them.
        return self.server.thread_seconds(self.server.threads("decode"))

    def run(self) -> None:
        """The whole, by a client that stays."""
        before, of_all = self._spent(), self.server.processor_seconds()
        try:
            self.status = str(wire.asked(self.server.port, self._body(), "/clip/embed_image", limit=120).status)
        except (OSError, wire.Gone):
            pass
        self.seconds, self.cost = self._spent() - before, self.server.processor_seconds() - of_all

    def seconds_after_leaving(self) -> float | None:
        """How long the threads went on after a client left amid the decode; none where it was over before."""
        before = self._spent()
        with wire.Wire(self.server.port) as connection:
            connection.send(wire.post(self._body(), "/clip/embed_image"))
            end = time.monotonic() + 20
            while (spent := self._spent() - before) < LEAVING and time.monotonic() < end:
                time.sleep(0.005)
        left = last = time.monotonic()
        if not LEAVING <= spent <= self.seconds - REST:
            return None
        known = self._spent()
        while (now := time.monotonic()) < left + WATCHED:
            spent = self._spent()
            if spent - known > 0.001:
                known, last = spent, now
            time.sleep(0.005)
        return last - left


ATTACKS = {"decoding": slow_decodes}
