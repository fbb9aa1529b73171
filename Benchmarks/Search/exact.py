#!/usr/bin/env python3
"""Exact search through the same vectors by ours, faiss, sqlite-vec and pgvector, in turns, one query and 32 together.

usage: exact.py CLIP OUTPUT [--count N] [--width N] [--rounds N] [--threads N] [--only NAME,...] [--folder FOLDER]

Every program is a process of its own that has read the vectors, and waits on a pipe. Before anything is timed each gives the best ten
for 32 queries: they have to be the ten that a comparison of all in f32 finds, those that are as good aside; pgvector with 16-bit
numbers is told beside the others, and may differ. Each round has each program once for one query, and once for 32.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import statistics
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "Peers"))

import machine  # noqa: E402
import numpy as np  # noqa: E402
import turns  # noqa: E402
from child import Child, leave_on_signals  # noqa: E402

PEERS = ("faiss", "sqlite-vec", "pgvector", "pgvector-half")
QUERIES, TOP = 32, 10
# Scores that are nearer to each other are as good: 32-bit sums in another order.
NEAR = 2e-5


def write(file: pathlib.Path, count: int, width: int, seed: int) -> None:
    """Vectors that point anywhere, of length one."""
    random = np.random.default_rng(seed)
    with file.open("wb") as output:
        for start in range(0, count, 65_536):
            rows = random.standard_normal((min(65_536, count - start), width), np.float32)
            output.write((rows / np.linalg.norm(rows, axis=1, keepdims=True)).tobytes())


def scores(vectors: np.ndarray, queries: np.ndarray) -> np.ndarray:
    """(queries, vectors): the cosines."""
    return np.concatenate([queries @ vectors[start : start + 65_536].T for start in range(0, len(vectors), 65_536)], axis=1)


def recall(child: Child, expected: np.ndarray) -> float:
    """The part of the best ten that a program finds."""
    found, hits = json.loads(child.ask(f"best {QUERIES}")), 0
    for row, best in zip(expected, found, strict=True):
        least = np.partition(row, -TOP)[-TOP]
        hits += sum(row[number] >= least - NEAR for number in set(best))
    return hits / (QUERIES * TOP)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clip")
    parser.add_argument("output", type=pathlib.Path)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--width", type=int, default=512)
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--threads", type=int, default=machine.cores())
    parser.add_argument("--only", default=",".join(PEERS))
    parser.add_argument("--folder", type=pathlib.Path)
    arguments = parser.parse_args()
    leave_on_signals()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)  # PostgreSQL runs as another user
        vectors, queries = folder / "vectors", folder / "queries"
        write(vectors, arguments.count, arguments.width, 1)
        write(queries, 256, arguments.width, 2)
        threads, width = str(arguments.threads), str(arguments.width)
        files = ["--vectors", str(vectors), "--queries", str(queries), "--count", str(arguments.count), "--width", width]
        peer = [sys.executable, str(HERE / "peer.py")]
        commands = {"swift-clip": [arguments.clip, "benchmark", "search", "--commands", "--threads", threads, *files]} | {
            name: [*peer, name, threads, width, str(vectors), str(queries), str(folder)] for name in arguments.only.split(",")
        }
        rows = np.memmap(vectors, np.float32, "r").reshape(-1, arguments.width)
        asked = np.fromfile(queries, np.float32).reshape(-1, arguments.width)[:QUERIES]
        expected = scores(rows, asked)
        # PostgreSQL's processes are none of the children's: with them it would find every round disturbed.
        guard = machine.Guard(tries=1)
        with turns.started(commands, folder) as children:
            recalls = {child.name: recall(child, expected) for child in children}
            for name, value in recalls.items():
                if value < 1 and name != "pgvector-half":
                    sys.exit(f"{name} finds {value:.4f} of the best ten: it is not exact")
            del expected
            found = turns.measure(children, ["queries 1", f"queries {QUERIES}"], guard, fewest=arguments.rounds, most=arguments.rounds)
        result = machine.provenance(pathlib.Path(arguments.clip), ()) | {
            "count": arguments.count, "width": arguments.width, "threads": arguments.threads, "recall_at_10": recalls,
            "guard": guard.summary(), **found,
        }
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(json.dumps(result, indent=1) + "\n")
    print(f"{'':<16}{'one query':>12}{'32 together':>14}{'recall@10':>12}")
    medians = {case: {name: statistics.median(times) for name, times in of.items()} for case, of in found["times_ms"].items()}
    for name in commands:
        one, many = (medians[case][name] for case in medians)
        print(f"{name:<16}{one:>9.1f} ms{many:>11.1f} ms{recalls[name]:>12.4f}")
    behind = [name for name in commands if any(of[name] < of["swift-clip"] for of in medians.values())]
    sys.exit(f"ahead of ours: {', '.join(behind)}" if behind else 0)


if __name__ == "__main__":
    main()
