#!/usr/bin/env bash
# A file of more than 400 lines has two subjects. Tables that were made, one of them a vocabulary, are no such files. A README is read
# by people who have just come.
set -euo pipefail
cd "$(dirname "$0")/.."
most=400
most_of_readme=130
tables='^Sources/CLIPTokenization/(BytePair/OpenAIMerges|Cleaning/TextTables)\.swift$'
status=0
while read -r file; do
    [ -f "$file" ] || continue # removed, and not yet committed as such; or a link that leads nowhere
    lines=$(wc -l <"$file")
    [ "$lines" -le "$most" ] || { echo "$file has $lines lines; $most are the most, so divide it where its subject changes"; status=1; }
done < <(git ls-files --cached --others --exclude-standard '*.swift' '*.c' '*.h' '*.py' '*.sh' '*.js' '*.css' | grep -vE "$tables")
for file in README.md README.ko.md; do
    lines=$(wc -l <"$file")
    [ "$lines" -le "$most_of_readme" ] || { echo "$file has $lines lines; $most_of_readme are the most"; status=1; }
done
exit $status
