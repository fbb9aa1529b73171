#!/usr/bin/env bash
# Zero-shot classification of the example pictures: each against the labels of all of them, in one table.
#
# usage: classify.sh [en|ko] [CLIP]     CLIP is the command, .build/release/clip by default; its model is clip-mini, or
#                                       what CLIP_MODEL names. Ends with status 1 if an expected label is not on top.
set -euo pipefail
language=${1:-en}
folder=$(dirname "$0")
clip=$(realpath "${2:-$folder/../.build/release/clip}")
cd "$folder"
case $language in
    en) column=2 ;;
    ko) column=3 ;;
    *) echo "usage: classify.sh [en|ko] [CLIP]" >&2; exit 2 ;;
esac
mapfile -t labels < <(grep -v '^#' labels.tsv | cut -f "$column" | awk '!seen[$0]++')
[ "$(ls pictures | wc -l)" -ge 12 ] || { echo "pictures/ has fewer than a dozen" >&2; exit 2; }

wrong=0
printf '%-24s %-10s %s\n' picture cosine label
while IFS='|' read -r file english korean; do
    expected=$english
    [ "$language" = ko ] && expected=$korean
    read -r cosine label < <("$clip" compare "pictures/$file" "${labels[@]}" | head -n 1)
    mark=
    [ "$label" = "$expected" ] || { mark="   (expected: $expected)"; wrong=$((wrong + 1)); }
    printf '%-24s %-10s %s%s\n' "$file" "$cosine" "$label" "$mark"
done < <(grep -v '^#' labels.tsv | grep -v $'^\t' | tr '\t' '|')
[ "$wrong" -eq 0 ]
