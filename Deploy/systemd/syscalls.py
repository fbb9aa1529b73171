#!/usr/bin/env python3
"""The system calls that a unit allows, by systemd's own rules and groups.

usage: syscalls.py UNIT                   prints them, one a line
       syscalls.py UNIT COMMAND [ARG]...  runs the command with these alone; others fail with EPERM, as the unit says

Needs systemd-analyze, which knows the groups, and libseccomp, which systemd itself stands on.
"""
import ctypes
import os
import subprocess
import sys


def groups():
    """What each group has: system calls, and other groups, whose names begin with @."""
    text = subprocess.run(["systemd-analyze", "syscall-filter"], check=True, capture_output=True, text=True).stdout
    found, name = {}, None
    for line in text.splitlines():
        word = line.strip()
        if line.startswith("@"):
            name = word
            found[name] = []
        elif name and word and not word.startswith("#"):
            found[name].append(word)
        elif not word:
            name = None
    return found


def members(name, found):
    if not name.startswith("@"):
        return {name}
    return set().union(*(members(word, found) for word in found[name]))


def allowed(unit):
    """systemd.exec(5): the first line decides whether the list is one of what is allowed; later ones add to it and take away."""
    found, calls = groups(), None
    for line in open(unit, encoding="utf-8"):
        key, _, value = line.strip().partition("=")
        if key != "SystemCallFilter":
            continue
        takes_away = value.startswith("~")
        named = set().union(*(members(word, found) for word in value.lstrip("~").split()))
        if calls is None:
            if takes_away:
                sys.exit(f"{unit}: the first SystemCallFilter= has to say what is allowed.")
            # systemd allows these in any case: without them no service can be started, or told to stop.
            calls = members("@default", found)
        calls = calls - named if takes_away else calls | named
    return calls


def restrict(calls):
    library = ctypes.CDLL("libseccomp.so.2", use_errno=True)
    library.seccomp_init.restype = ctypes.c_void_p
    refuse, allow = 0x00050000 | 1, 0x7FFF0000  # SCMP_ACT_ERRNO(EPERM), SCMP_ACT_ALLOW
    context = ctypes.c_void_p(library.seccomp_init(ctypes.c_uint32(refuse)))
    for name in sorted(calls):
        number = library.seccomp_syscall_resolve_name(name.encode())
        # Negative: this architecture has no such call.
        if number >= 0 and library.seccomp_rule_add_array(context, ctypes.c_uint32(allow), number, 0, None) != 0:
            sys.exit(f"libseccomp refuses {name}.")
    if library.seccomp_load(context) != 0:
        sys.exit("This system does not let a process restrict its system calls.")


if len(sys.argv) < 2:
    sys.exit(__doc__)
calls = allowed(sys.argv[1])
if len(sys.argv) == 2:
    print("\n".join(sorted(calls)))
else:
    restrict(calls)
    os.execvp(sys.argv[2], sys.argv[2:])
