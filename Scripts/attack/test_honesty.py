#!/usr/bin/env python3
"""Whether the proof's own tools notice what they are there to notice; needs no server.

usage: test_honesty.py
"""

from __future__ import annotations

import contextlib
import io
import json
import math
import pathlib
import random
import sys
import tempfile
import time
import unittest
import zlib

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))
import attack_overload
import fresh
import pictures
import soak
import wire
from report import Report
from stage import Stage, in_milliseconds, together


def quiet_stage(quick: bool) -> Stage:
    return Stage("a test", pathlib.Path("/none"), Report("make attack ONLY=NAME"), quick)


class Crowds(unittest.TestCase):
    def test_every_error_of_a_client_is_kept(self) -> None:
        errors = [OSError(), IndexError(), StopIteration(), TypeError(), KeyError(), wire.Gone(), ValueError(), AssertionError()]

        def fail(number: int) -> None:
            raise errors[number]

        self.assertEqual(len(together(len(errors), fail).troubles), len(errors))

    def test_whoever_has_not_ended_is_a_trouble(self) -> None:
        begun = time.monotonic()
        crowd = together(3, lambda number: time.sleep(2 * number), 0.2)
        self.assertEqual(len(crowd.troubles), 2)
        self.assertLess(time.monotonic() - begun, 1)

    def test_troubles_miss_a_row(self) -> None:
        stage = quiet_stage(True)
        with contextlib.redirect_stdout(io.StringIO()):
            stage.ended(together(1, lambda _: [][0]))
        self.assertEqual(len(stage.report.missed), 1)


class Rows(unittest.TestCase):
    def test_short_forms_say_the_promise_and_what_they_let_pass(self) -> None:
        stage = quiet_stage(True)
        with contextlib.redirect_stdout(io.StringIO()) as words:
            for seconds in (0.05, 0.5, 5):
                stage.most("a time", seconds, 0.1, in_milliseconds)
        self.assertEqual([row.verdict for row in stage.report.rows], ["ok", "allowed", "MISSED"])
        self.assertEqual({row.bound for row in stage.report.rows}, {"<= 100 ms"})
        self.assertEqual(words.getvalue().count("<= 1000 ms here"), 3)

    def test_long_forms_let_nothing_pass(self) -> None:
        stage = quiet_stage(False)
        with contextlib.redirect_stdout(io.StringIO()):
            stage.most("a time", 0.101, 0.1, in_milliseconds)
            stage.most("a time of nobody", math.inf, 0.1, in_milliseconds)
            stage.least("a count", 9, 10, short=5)
        self.assertEqual(len(stage.report.missed), 3)

    def test_the_record_has_command_and_verdict(self) -> None:
        stage = quiet_stage(True)
        with contextlib.redirect_stdout(io.StringIO()), tempfile.TemporaryDirectory() as folder:
            stage.exactly("deaths", 1, 0)
            stage.report.write(pathlib.Path(folder) / "results.json")
            (row,) = json.loads((pathlib.Path(folder) / "results.json").read_text())["rows"]
        self.assertEqual((row["command"], row["verdict"], row["held"]), ("make attack ONLY=a test", "MISSED", False))


class Truths(unittest.TestCase):
    def test_no_constant_passes_for_what_is_true_at_every_length(self) -> None:
        draw = random.Random(1)
        truths = [draw.uniform(0.5, 1) for _ in range(20)] + [draw.uniform(4, 10) for _ in range(400)] + [draw.uniform(1, 4) for _ in range(60)]
        self.assertGreater(attack_overload.mean_share([(max(1.0, math.ceil(truth)), truth) for truth in truths]), 0.95)
        for constant in range(1, 20):
            self.assertLess(attack_overload.mean_share([(float(constant), truth) for truth in truths]), 0.75)

    def test_who_was_sent_far_from_all_others_is_not_judged(self) -> None:
        self.assertIsNone(attack_overload.waited([(1.0, 2.0)], 5.0))
        self.assertEqual(attack_overload.waited([(4.5, 2.0), (5.5, 4.0), (9.0, 1.0)], 5.0), 3.0)


class Answers(unittest.TestCase):
    def answer(self, row: list[float]) -> wire.Answer:
        return wire.Answer(200, {}, json.dumps({"embeddings": [row]}).encode())

    def test_a_wrong_embedding_a_missing_one_and_another_status_are_faults(self) -> None:
        request = soak.Request("a text", b"{}")
        request.status, request.numbers = 200, [[0.6, 0.8]]
        self.assertIsNone(request.fault(self.answer([0.60001, 0.8])))
        self.assertIsNotNone(request.fault(self.answer([0.8, 0.6])))
        self.assertIsNotNone(request.fault(self.answer([0.601, 0.8])))
        self.assertIsNotNone(request.fault(self.answer([0.6])))
        self.assertIsNotNone(request.fault(self.answer([math.nan, 0.8])))
        self.assertIsNotNone(request.fault(wire.Answer(400, {}, b"{}")))

    def test_packings_differ_in_bytes_and_not_in_pixels(self) -> None:
        pixels = fresh.Pixels(random.Random(3))
        self.assertEqual(len({pixels.packed() for _ in range(40)}), 40)
        plain = b"".join(pixels.rows)
        self.assertEqual(pixels.tiff()[-len(plain) :], plain)
        self.assertEqual(len(pixels.bmp()), 54 + (pixels.width * 3 + -pixels.width * 3 % 4) * pixels.height)
        found, above = b"", bytes(pixels.width * 3)
        for line in self.lines(pixels.png_of_differences(), pixels.width * 3 + 1):
            above = bytes((a + b) & 255 for a, b in zip(line[1:], above))
            found += above
        self.assertEqual(found, plain)

    def lines(self, png: bytes, length: int) -> list[bytes]:
        packed, at = b"", 8
        while at < len(png):
            size, kind = int.from_bytes(png[at : at + 4], "big"), png[at + 4 : at + 8]
            packed += png[at + 8 : at + 8 + size] if kind == b"IDAT" else b""
            at += 12 + size
        data = zlib.decompress(packed)
        return [data[at : at + length] for at in range(0, len(data), length)]

    def test_the_dear_picture_has_the_scans_that_it_is_dear_for(self) -> None:
        self.assertEqual(pictures.dear_jpeg().count(b"\xff\xda"), 96)


if __name__ == "__main__":
    unittest.main()
