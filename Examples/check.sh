#!/usr/bin/env bash
# Takes the steps of README.md here and checks what they answer. `make examples` calls it.
set -euo pipefail
unset CLIP_MODEL CLIP_VERSION_ID CLIP_PORT PORT CLIP_HOST HOST
clip=$(realpath "${1:-$(dirname "$0")/../.build/release/clip}")
cd "$(dirname "$0")"
passed=0
failed=0

check() { # NAME, and whether it holds, as a command
    if "${@:2}"; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "FAILED: $1" >&2; fi
}
contains() { [[ $1 == *"$2"* ]]; }

for language in en ko; do
    check "the expected labels are on top, $language" ./classify.sh "$language" "$clip"
done

log=$(mktemp)
"$clip" serve --port 0 2> "$log" &
server=$!
trap 'kill "$server" 2> /dev/null || true; rm -f "$log"' EXIT
for _ in $(seq 200); do
    port=$(sed -nE 's/.*listening on http:\/\/127\.0\.0\.1:([0-9]+).*/\1/p' "$log")
    [ -n "$port" ] && curl -fs "http://127.0.0.1:$port/readiness" > /dev/null && break
    sleep 0.05
done
base=http://127.0.0.1:${port:?the server did not start}
check "the log names clip-mini and how to switch" grep -q 'clip serve --model siglip2-base-patch16-256' "$log"
check "/info names the default model" contains "$(curl -s "$base/info")" '"default_model":"clip-mini"'

post() { # ROUTE, body on standard input
    curl -s -D - "$base/clip/$1" -H 'Content-Type: application/json' -d @-
}
picture() { printf '{"type": "base64", "value": "%s"}' "$(base64 < "pictures/$1" | tr -d '\n')"; }
first=$(grep -v '^#' labels.tsv | head -n 1 | cut -f 1)

answer=$(printf '{"image": %s}' "$(picture "$first")" | post embed_image)
check "embed_image answers with an embedding" contains "$answer" '"embeddings":[['
check "the answer names the model" contains "$answer" 'x-model-id: clip/clip-mini'
answer=$(printf '{"text": ["a cat", "고양이"]}' | post embed_text)
check "embed_text answers with two embeddings" contains "$answer" '],['
prompts=$(grep -v '^#' labels.tsv | cut -f 2 | awk '!seen[$0]++' | head -n 8 | sed 's/.*/"&"/' | paste -sd,)
answer=$(printf '{"subject": %s, "prompt": [%s]}' "$(picture "$first")" "$prompts" | post compare | tail -n 1)
best=$(python3 -c 'import json, sys; s = json.loads(sys.argv[1])["similarity"]; print(s.index(max(s)))' "$answer")
check "compare puts the picture's own label on top" [ "$best" = 0 ]

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
