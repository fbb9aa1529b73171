"""Runs modules of tests against the server under test, within a time limit."""

from __future__ import annotations

import os
import sys
import threading
import types
import unittest

from client_test import SERVER


def run(modules: tuple[types.ModuleType, ...], limit: float) -> int:
    """Ends with a line "N passed, N failed"; gives the exit status."""
    watchdog = threading.Timer(limit, give_up, [limit])
    watchdog.daemon = True
    watchdog.start()
    SERVER.start()
    loader = unittest.defaultTestLoader
    tests = unittest.TestSuite(loader.loadTestsFromModule(module) for module in modules)
    try:
        result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2).run(tests)
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


def give_up(limit: float) -> None:
    print(f"Not done after {limit:.0f} s.", flush=True)
    if SERVER.process:
        SERVER.process.kill()
    os._exit(1)
