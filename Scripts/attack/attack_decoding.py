"""Pictures that want processor time: each is sent alone, and once more by a client that leaves."""

from __future__ import annotations

import time

import av1
import boxes
import pictures
import tiff
import wire
from attack_memory import unlike
from server import Server
from stage import Stage

MOST_SECONDS = 10.0
# How long after its client has left a decode may go on, and how much of a core may be busy after that.
STOP_SECONDS = 0.2
REST_SECONDS = 0.5
BUSY = 0.05
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
        "TIFF 8,192 x 8,192, 1,000 samples": tiff.many_samples(8192, 8192 // tenth, 1000),
        "TIFF of 32 bits": tiff.many_samples(8192, 8192, 4, 32),
        "TIFF of 262,144 tiles": tiff.odd_files()["262,144 tiles"],
        "JPEG of 200,000 scans": pictures.jpeg_of_scans(8192, 200_000 // tenth),
        "JPEG of 200,000 small scans": pictures.jpeg_of_scans(1024, 600_000 // tenth),
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
    worst, worst_name, late, late_name, unbounded = 0.0, "", 0.0, "", []
    with stage.server({"--image-formats": "jpeg,png,webp,gif,bmp,tiff,avif,heic"}) as server:
        with stage.watch(server, captions=True) as watch:
            for name, file in slow_pictures(stage.quick).items():
                seconds = cost(server, file)
                if seconds > worst:
                    worst, worst_name = seconds, name
                if seconds > 1:
                    stage.tell(name, f"{seconds:.1f} s")
                if seconds > 0.4:
                    rest = left_alone(server, file)
                    if rest > late:
                        late, late_name = rest, name
                if seconds > MOST_SECONDS:
                    unbounded.append(name)
        watch.report_memory()
        watch.report_health()
        stage.exactly("captions not answered 200", watch.refused("captions"), 0)
    stage.most(f"dearest decode ({worst_name})", worst, MOST_SECONDS, lambda value: f"{value:.1f} s")
    label = f"processor {STOP_SECONDS} s after the client left ({late_name})"
    stage.most(label, late / REST_SECONDS, BUSY * 2, lambda value: f"{value * 100:.0f} %")


def cost(server: Server, file: bytes) -> float:
    """Processor seconds that one such picture takes."""
    before = server.processor_seconds()
    try:
        wire.embedded(server.port, unlike(file), limit=120)
    except (OSError, wire.Gone):
        pass
    return server.processor_seconds() - before


def left_alone(server: Server, file: bytes) -> float:
    """Processor seconds from a little after the client has left; what the honest clients beside it cost is taken off."""
    quiet = server.processor_seconds()
    time.sleep(REST_SECONDS)
    quiet = server.processor_seconds() - quiet
    connection = wire.Wire(server.port)
    connection.send(wire.post(wire.image_body(wire.encoded(unlike(file))), "/clip/embed_image"))
    time.sleep(0.35)
    connection.close()
    time.sleep(STOP_SECONDS)
    before = server.processor_seconds()
    time.sleep(REST_SECONDS)
    return max(0.0, server.processor_seconds() - before - quiet)


ATTACKS = {"decoding": slow_decodes}
