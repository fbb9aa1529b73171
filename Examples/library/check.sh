#!/usr/bin/env bash
# Runs the built examples and checks what they say. `make library` calls it.
#
# usage: check.sh FOLDER      FOLDER: where rank, measure and serve are
set -euo pipefail
programs=$(realpath "$1")
root=$(cd "$(dirname "$0")/../.." && pwd)
model=$root/Models/clip-mini pictures=$root/Examples/pictures
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2> /dev/null || true; rm -rf "$work"' EXIT
# What the command sets for itself: threads that wait sleep.
export OMP_WAIT_POLICY=passive

fail() { echo "FAILED: $*" >&2; exit 1; }

best=$("$programs/rank" "$model" "$pictures/cat.jpg" "a koala" "a cat" "의자" | head -1)
[[ $best == *" a cat" ]] || fail "rank: $best"

for name in cat koala chair espresso; do
    mkdir -p "$work/pets/$name"
    cp "$pictures/$name.jpg" "$work/pets/$name/"
done
measured=$("$programs/measure" "$model" "$work/pets" | head -1)
[ "$measured" = "4 pictures, 100 % right" ] || fail "measure: $measured"

"$programs/serve" "$model" > "$work/address" 2> "$work/log" &
server=$!
for _ in $(seq 400); do
    address=$(head -1 "$work/address")
    [ -n "$address" ] && curl -fs "$address/readiness" > /dev/null && break
    kill -0 "$server" 2> /dev/null || fail "serve: $(cat "$work/log")"
    sleep 0.05
done
answer=$(curl -s "$address/clip/embed_text" -H 'Content-Type: application/json' -d '{"text": "a cat"}')
[[ $answer == *'"embeddings":[['* ]] || fail "serve: $answer"
kill "$server"
wait "$server" || fail "serve ended with $?"
server=
echo "rank, measure and serve do what they should"
