#!/usr/bin/env bash
# Runs the tests under the sanitizers named, by default all: `address` (with undefined behaviour in C) and `thread`.
#
# usage: sanitize.sh [address] [thread]; FILTER=CLIPImagingTests runs some tests.
# Each has a build of its own under .build-sanitize-NAME, which takes as long as the first build of all. A report ends the
# process that runs the tests, and so fails them. The libraries of the system are not instrumented.
set -euo pipefail
cd "$(dirname "$0")/.."

# Tests that measure what the process holds measure the sanitizer, which keeps what is freed, and shadows all.
measuring='ResourceTests/failing|DecodeCostTests/(estimates|noMemory)|HostileImageTests/flatMemory'

sanitizers=("$@")
[ $# -gt 0 ] || sanitizers=(address thread)
jobs=${JOBS:-$(nproc)}

# Swift's own report of a crash asks before it ends.
export SWIFT_BACKTRACE=enable=no
# Swift keeps pointers in forms that the leak sanitizer does not know. An allocation that is refused is what some tests ask for.
export ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
export TSAN_OPTIONS="halt_on_error=1:second_deadlock_stack=1:suppressions=$PWD/Scripts/thread-sanitizer.txt"

for sanitizer in "${sanitizers[@]}"; do
    flags=(-c release --sanitize "$sanitizer" --scratch-path ".build-sanitize-$sanitizer")
    case $sanitizer in
    address) flags+=(-Xcc -fsanitize=undefined -Xcc -fno-sanitize-recover=undefined) ;;
    thread) ;;
    *) echo "There is no sanitizer '$sanitizer' here: address or thread." >&2 && exit 64 ;;
    esac
    log=.build-sanitize-$sanitizer/log.txt
    mkdir -p "$(dirname "$log")"
    started=$SECONDS
    if ! swift build "${flags[@]}" --jobs "$jobs" --build-tests >"$log" 2>&1; then
        tail -n 60 "$log" && echo "$sanitizer: the tests do not build" >&2 && exit 1
    fi
    built=$((SECONDS - started))
    preload=()
    if [ "$sanitizer" = thread ]; then
        clang -O1 -shared -fPIC -o ".build-sanitize-thread/handovers.so" Scripts/thread-sanitizer.c -ldl
        preload=(env "LD_PRELOAD=$PWD/.build-sanitize-thread/handovers.so")
    fi
    if ! "${preload[@]}" timeout -k 10 1800 swift test "${flags[@]}" --skip-build --no-parallel --skip "$measuring" ${FILTER:+--filter "$FILTER"} >"$log" 2>&1; then
        grep -nE 'ERROR: |WARNING: ThreadSanitizer|runtime error|SUMMARY|✘' "$log" | head -n 40 || tail -n 40 "$log"
        echo "$sanitizer: failed; all of it is in $log" >&2
        exit 1
    fi
    # A run that was filtered to nothing shows nothing.
    if ! grep -qE 'Test run with [1-9][0-9]* tests?' "$log"; then
        echo "$sanitizer: no test was run; all of it is in $log" >&2
        exit 1
    fi
    printf '%-8s %s, built in %d s, run in %d s\n' "$sanitizer" "$(grep -E 'Test run with' "$log" | tail -n 1 | sed 's/^[^T]*//')" \
        "$built" $((SECONDS - started - built))
done
