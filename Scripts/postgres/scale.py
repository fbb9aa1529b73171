"""Many made-up vectors in the tables of an index: exact searches beside those through a graph."""

from __future__ import annotations

import io
import statistics
import subprocess
import struct
import time

import numpy
import psycopg2

WIDTH = 512
QUERIES = 50
# The statements that clip sends.
GRAPH = """SELECT id, (-distance)::real FROM (
               SELECT id, embedding <#> %(q)s::halfvec AS distance FROM contents WHERE present
               ORDER BY embedding <#> %(q)s::halfvec LIMIT 10
           ) AS best ORDER BY distance, id"""
EXACT = """SELECT id, score::real FROM (
               SELECT c.id, -(c.embedding <#> %(q)s::halfvec) AS score FROM contents c WHERE c.present
               ORDER BY score DESC, c.id LIMIT 10
           ) AS best ORDER BY score DESC, id"""
COUNT = "SELECT count(*) FROM contents WHERE present"


def vectors(count: int, draw: numpy.random.Generator, centres: numpy.ndarray) -> numpy.ndarray:
    """In groups, as embeddings of pictures are: a centre and as much of a direction of its own."""
    noise = draw.standard_normal((count, WIDTH), dtype=numpy.float32)
    noise /= numpy.linalg.norm(noise, axis=1, keepdims=True)
    result = centres[draw.integers(0, len(centres), count)] + noise
    return result / numpy.linalg.norm(result, axis=1, keepdims=True)


def fill(cursor: object, all_vectors: numpy.ndarray) -> None:
    head = b"PGCOPY\n\xff\r\n\0" + bytes(8)
    for start in range(0, len(all_vectors), 20_000):
        part = all_vectors[start:start + 20_000].astype(">f2")
        rows = io.BytesIO()
        rows.write(head)
        for number, vector in enumerate(part, start):
            rows.write(struct.pack(">hi8siq", 3, 8, struct.pack(">q", number), 8, 1000))
            rows.write(struct.pack(">ihh", 4 + 2 * WIDTH, WIDTH, 0) + vector.tobytes())
        rows.write(b"\xff\xff")
        rows.seek(0)
        cursor.copy_expert("COPY contents (hash, bytes, embedding) FROM STDIN (FORMAT binary)", rows)


def measure(check: object, count: int) -> None:
    folder = check.place / "one"
    check.make(1, folder)
    url = check.server.url(parameters="?clip_schema=scale")
    check.add("an index of one", check_run(check.clip, url, folder), 0)
    connection = psycopg2.connect(check.server.url())
    connection.autocommit = True
    cursor = connection.cursor()
    cursor.execute("SET search_path = scale, public; TRUNCATE contents, files")
    cursor.execute(f"ALTER TABLE contents ALTER embedding TYPE halfvec({WIDTH})")
    draw = numpy.random.default_rng(1)
    centres = draw.standard_normal((2000, WIDTH), dtype=numpy.float32)
    centres /= numpy.linalg.norm(centres, axis=1, keepdims=True)
    all_vectors, asked = vectors(count, draw, centres), vectors(QUERIES, draw, centres)
    begun = time.monotonic()
    fill(cursor, all_vectors)
    print(f"{count} rows of {WIDTH} numbers by COPY: {time.monotonic() - begun:.0f} s", flush=True)
    cursor.execute("VACUUM ANALYZE contents")
    truth = [numpy.argsort(-(all_vectors @ query))[:10] for query in asked]
    found, exact = ask(cursor, EXACT, asked)
    print(f"exact: {exact}; counting: {ask(cursor, COUNT, asked)[1]}", flush=True)
    first = identities(cursor)
    check.rows.add(f"the ten best of {count}, exact, of those in f32 by NumPy", recall(found, truth, first), ">= 0.99", recall(found, truth, first) >= 0.99)
    begun = time.monotonic()
    cursor.execute("CREATE INDEX contents_hnsw ON contents USING hnsw (embedding halfvec_ip_ops) WHERE present")
    print(f"the graph is made in {time.monotonic() - begun:.0f} s", flush=True)
    for breadth in (40, 100, 400):
        cursor.execute(f"SET hnsw.ef_search = {breadth}")
        found, graph = ask(cursor, GRAPH, asked)
        print(f"graph, ef_search {breadth}: {graph}; recall@10 {recall(found, truth, first)}", flush=True)
    cursor.execute("SELECT pg_size_pretty(pg_table_size('contents')), pg_size_pretty(pg_relation_size('contents_hnsw'))")
    print("on disk: the table {}, the graph {}".format(*cursor.fetchone()), flush=True)
    connection.close()


def check_run(clip: str, url: str, folder: object) -> int:
    return subprocess.run([clip, "index", "--index", url, str(folder)], capture_output=True).returncode


def ask(cursor: object, statement: str, asked: numpy.ndarray) -> tuple[list[list[int]], str]:
    found, times = [], []
    for query in asked:
        text = "[" + ",".join(f"{value:.6g}" for value in query) + "]"
        begun = time.monotonic()
        cursor.execute(statement, {"q": text})
        rows = cursor.fetchall()
        times.append(1000 * (time.monotonic() - begun))
        found.append([row[0] for row in rows])
    return found, f"median {statistics.median(times):.1f} ms, slowest {max(times):.1f} ms"


def identities(cursor: object) -> dict[int, int]:
    cursor.execute("SELECT id, encode(hash, 'hex') FROM contents")
    return {row[0]: int(row[1], 16) for row in cursor.fetchall()}


def recall(found: list[list[int]], truth: list[numpy.ndarray], places: dict[int, int]) -> float:
    hits = sum(len({places[number] for number in one} & set(other.tolist())) for one, other in zip(found, truth, strict=True))
    return round(hits / (10 * len(truth)), 3)
