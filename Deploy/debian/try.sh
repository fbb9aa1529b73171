#!/usr/bin/env bash
# Installs the package into a bare Debian 12, starts the service's command there as its user, and asks the README's question.
#
# usage: try.sh DEB [FOLDER]      FOLDER: where the bare system is made, or lies from before; a temporary one by default
#
# Needs root, debootstrap and Debian's packages. Prints what it took, and ends with 1 where something does not hold, with 75 where no
# bare system can be made.
set -euo pipefail

[ $# -ge 1 ] || { sed -n '2,6p' "$0" >&2; exit 64; }
deb=$(realpath "$1")
folder=${2:-$(mktemp -d)/root}
mkdir -p "$(dirname "$folder")"
fail() { echo "$*" >&2; exit 1; }
# What is set here need not be there in the bare system.
export TMPDIR=/tmp

if [ ! -e "$folder/etc/debian_version" ]; then
    debootstrap --variant=minbase bookworm "$folder" > "$folder.log" 2>&1 || { tail -5 "$folder.log" >&2; exit 75; }
fi
cp "$deb" "$folder/tmp/swift-clip.deb"
chroot "$folder" apt-get update -qq
DEBIAN_FRONTEND=noninteractive chroot "$folder" apt-get install -y -qq --no-install-recommends /tmp/swift-clip.deb > "$folder.log" 2>&1 \
    || fail "The package cannot be installed: $(tail -5 "$folder.log")"
echo "installed: $(stat -c %s "$deb") bytes, $(chroot "$folder" dpkg-query -W -f '${Installed-Size}' swift-clip) KiB unpacked"

unit=$folder/usr/lib/systemd/system/swift-clip.service
[ -e "$unit" ] || unit=$folder/lib/systemd/system/swift-clip.service
command=$(sed -n 's/^ExecStart=//p' "$unit")
for file in usr/share/man/man1/clip.1.gz usr/share/bash-completion/completions/clip \
    usr/share/zsh/vendor-completions/_clip usr/share/doc/swift-clip/NOTICE etc/swift-clip/swift-clip.conf \
    usr/share/doc/swift-clip/examples/keys.conf; do
    [ -e "$folder/$file" ] || fail "There is no $file."
done

log=$(mktemp)
# Where that may not be mounted the command does without.
mount -t proc proc "$folder/proc" 2>/dev/null && mounted=yes || mounted=no
# As the unit has it: no privileges, and a cache of its own.
chroot --userspec=65534:65534 "$folder" env -i HF_HOME=/tmp/cache CLIP_PACKED_CACHE=none CLIP_PORT=0 $command > "$log" 2>&1 &
server=$!
trap 'kill $server 2>/dev/null || true; wait $server 2>/dev/null || true; [ $mounted = no ] || umount "$folder/proc"' EXIT
for _ in $(seq 200); do
    port=$(sed -n 's/.*127\.0\.0\.1:\([0-9]*\).*/\1/p' "$log" | head -1)
    [ -n "$port" ] && curl -sf "http://127.0.0.1:$port/readiness" > /dev/null && break
    kill -0 $server 2>/dev/null || { cat "$log" >&2; fail "The server ended."; }
    sleep 0.1
done
answer=$(curl -sf "http://127.0.0.1:$port/clip/embed_text" -H 'Content-Type: application/json' \
    -d '{"text": ["a photo of a cat", "고양이 사진"]}') || fail "The server does not answer: $(cat "$log")"
case $answer in
    '{"inference_id":null,'*'"embeddings":[['*) echo "answered: ${answer:0:120}..." ;;
    *) fail "This is no answer: $answer" ;;
esac
kill $server
wait $server && echo "ended with 0 on SIGTERM"
