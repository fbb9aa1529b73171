#!/usr/bin/env bash
# A file of more than 400 lines has two subjects. Tables that were made, one of them a vocabulary, are no such files.
set -euo pipefail
cd "$(dirname "$0")/.."
most=400
tables='^Sources/CLIPTokenization/(BytePair/OpenAIMerges|Cleaning/TextTables)\.swift$'
status=0
while read -r file; do
    [ -f "$file" ] || continue # removed, and not yet committed as such; or a link that leads nowhere
    lines=$(wc -l <"$file")
    [ "$lines" -le "$most" ] || { echo "$file has $lines lines; $most are the most, so divide it where its subject changes"; status=1; }
done < <(git ls-files --cached --others --exclude-standard '*.swift' '*.c' '*.h' '*.py' '*.sh' | grep -vE "$tables")
exit $status
