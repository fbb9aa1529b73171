#!/usr/bin/env bash
# Installs the built command with all that it needs beside the system's own libraries.
#
# usage: install.sh CLIP PREFIX [DESTDIR]      CLIP: the built command, such as .build/release/clip
#
# Below PREFIX: bin/clip; lib/swift-clip has Swift's runtime libraries, which the command finds by a relative path; share/ has the
# model clip-mini, the man page, completions, and the licence with what is of others. Symbols are stripped from the copies.
set -euo pipefail

[ $# -ge 2 ] || { sed -n '2,7p' "$0" >&2; exit 64; }
clip=$1 prefix=$2 destination=${3:-}
root=$(cd "$(dirname "$0")/.." && pwd)
target=$destination$prefix

for tool in patchelf strip python3; do
    command -v "$tool" >/dev/null || { echo "$tool is needed: apt-get install patchelf binutils python3" >&2; exit 69; }
done

install -D -m 755 "$clip" "$target/bin/clip"
strip "$target/bin/clip"

# Swift's own libraries are those that lie in the toolchain; all others belong to packages of the system.
install -d "$target/lib/swift-clip"
ldd "$clip" | awk '/\/swift\/linux\// { print $3 }' | while read -r library; do
    install -m 644 "$library" "$target/lib/swift-clip/"
    strip --strip-unneeded "$target/lib/swift-clip/${library##*/}"
    patchelf --set-rpath '$ORIGIN' "$target/lib/swift-clip/${library##*/}"
done
patchelf --set-rpath '$ORIGIN/../lib/swift-clip' "$target/bin/clip"

install -d "$target/share/swift-clip/Models/clip-mini"
install -m 644 "$root"/Models/clip-mini/* "$target/share/swift-clip/Models/clip-mini/"

install -d "$target/share/doc/swift-clip"
install -m 644 "$root/LICENSE" "$root/NOTICE" "$target/share/doc/swift-clip/"

install -d "$target/share/man/man1"
"$clip" --experimental-dump-help | python3 "$root/Deploy/manual.py" | gzip -9n > "$target/share/man/man1/clip.1.gz"

# Without the line that names a shell: they are read by one, not run.
completions() { "$clip" --generate-completion-script "$1" | sed '1{/^#!/d}' | install -D -m 644 /dev/stdin "$target/share/$2"; }
completions bash bash-completion/completions/clip
# Debian's zsh looks for what packages bring in a place of its own; what is built elsewhere looks into site-functions.
[ "$prefix" = /usr ] && functions=vendor-completions || functions=site-functions
completions zsh "zsh/$functions/_clip"
completions fish fish/vendor_completions.d/clip.fish
