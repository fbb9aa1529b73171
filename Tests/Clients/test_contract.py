#!/usr/bin/env python3
"""The comparison with Roboflow's server, against the answers of it that are kept in the repository.

    CLIP_BINARY=.build/release/clip python Tests/Clients/test_contract.py

Starts our server twice on a tiny checkpoint, with its default settings and with
--allow-private-addresses, and runs Scripts/compare-with-roboflow/run.py with --replay. Ends with
its lines "N same, N different on purpose, N unexpected" and "N passed, N failed".
"""

from __future__ import annotations

import subprocess
import sys

from server import ROOT, Server

WHOLE_RUN_LIMIT = 300.0
# The names under which the real server had models.
MODELS = ("ViT-B-16", "ViT-B-32", "PE-Core-L14-336", "PE-Core-B16-224")


def main() -> int:
    comparison = ROOT / "Scripts" / "compare-with-roboflow"
    servers = [Server(*more, models=MODELS) for more in ((), ("--allow-private-addresses",))]
    try:
        for server in servers:
            server.start()
        command = [sys.executable, str(comparison / "run.py")]
        command += ["--ours", servers[0].base, "--ours-open", servers[1].base]
        command += ["--replay", str(comparison / "roboflow-1.8.3.json"), *sys.argv[1:]]
        failed = subprocess.run(command, timeout=WHOLE_RUN_LIMIT, check=False).returncode != 0
    finally:
        codes = [server.stop() for server in servers]
    if any(codes):
        print(f"The servers ended with {codes} after SIGTERM, not 0.")
    return 1 if failed or any(codes) else 0


if __name__ == "__main__":
    sys.exit(main())
