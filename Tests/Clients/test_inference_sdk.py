#!/usr/bin/env python3
"""Roboflow's own client, unmodified, and the requests of other clients, against a running server.

    CLIP_BINARY=.build/release/clip python Tests/Clients/test_inference_sdk.py
    CLIP_BASE_URL=http://127.0.0.1:9001 python Tests/Clients/test_inference_sdk.py

The first form starts our server on a tiny checkpoint and a free port, and stops it. The second asks
a server that runs already: ours with --allow-private-addresses, or, with CLIP_SERVER=roboflow, the
real one (legacy backend, ALLOW_NON_HTTPS_URL_INPUT=True ALLOW_URL_INPUT_WITHOUT_FQDN=True), which
shows that these tests ask for nothing that it does not give. Both need ViT-B-16, the default, and
ViT-B-32. Ends with a line "N passed, N failed".
"""

from __future__ import annotations

import os
import sys
import threading
import unittest

import plain_requests
import sdk_embeddings
import sdk_service
from client_test import SERVER

WHOLE_RUN_LIMIT = 120.0


def main() -> int:
    watchdog = threading.Timer(WHOLE_RUN_LIMIT, give_up)
    watchdog.daemon = True
    watchdog.start()
    SERVER.start()
    loader = unittest.defaultTestLoader
    modules = (sdk_embeddings, sdk_service, plain_requests)
    suite = unittest.TestSuite(loader.loadTestsFromModule(module) for module in modules)
    try:
        result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2).run(suite)
    finally:
        code = SERVER.stop()
    failed = len(result.failures) + len(result.errors)
    if code != 0:
        print(f"The server ended with {code} after SIGTERM, not 0.")
        failed += 1
    if failed:
        print("".join(SERVER.log[-50:]))
    skipped = f", {len(result.skipped)} skipped" if result.skipped else ""
    print(f"{result.testsRun - len(result.skipped) - failed} passed, {failed} failed{skipped}")
    return 1 if failed else 0


def give_up() -> None:
    print(f"Not done after {WHOLE_RUN_LIMIT:.0f} s.", flush=True)
    if SERVER.process:
        SERVER.process.kill()
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
