#!/usr/bin/env bash
# Has dpkg install, upgrade, remove and purge the package in a bare Debian, and looks at what becomes of the service.
#
# usage: lifecycle.sh DEB FOLDER      FOLDER: the bare system that try.sh has made, with the package in it
#
# Needs root. All scripts are the package's and Debian's own. Only systemctl is ours: it writes down what it is asked, and keeps in a
# file whether the service runs. Prints a line for each step, and ends with 1 at the first that does not do what it should.
set -euo pipefail

[ $# -eq 2 ] || { sed -n '2,7p' "$0" >&2; exit 64; }
cp "$1" "$2/tmp/swift-clip.deb"
folder=$2
record=$folder/tmp/systemctl.record state=$folder/tmp/swift-clip.state
dpkg_in() { DEBIAN_FRONTEND=noninteractive chroot "$folder" dpkg "$@" > "$folder/tmp/dpkg.log" 2>&1 \
    || { cat "$folder/tmp/dpkg.log" >&2; fail "dpkg $* failed."; }; }
fail() { echo "$*" >&2; [ ! -e "$record" ] || sed 's/^/    systemctl /' "$record" >&2; exit 1; }
# What systemctl was asked to do with the service in a step, in words.
step() {
    local name=$1 expected=$2 running=$3
    local asked
    asked=$(grep -oE '(start|stop|restart|try-restart) .*swift-clip' "$record" | sed 's/ .*//' | tr '\n' ' ' || true)
    [ "${asked% }" = "$expected" ] || fail "$name: systemctl was asked to '${asked% }' the service, not to '$expected' it."
    [ "$(cat "$state")" = "$running" ] || fail "$name: the service is $(cat "$state"), and should be $running."
    : > "$record"
    echo "ok  $name: ${expected:-nothing is asked of the service}, and it is $running"
}

[ ! -e "$folder/usr/local/bin/systemctl" ] || fail "$folder has a systemctl already."
dpkg_in --purge swift-clip
# deb-systemd-invoke and the scripts ask systemd only where it runs.
mkdir -p "$folder/run/systemd/system"
trap 'rm -rf "$folder/usr/local/bin/systemctl" "$folder/run/systemd/system"' EXIT
cat > "$folder/usr/local/bin/systemctl" <<'END'
#!/bin/sh
echo "$*" >> /tmp/systemctl.record
state=$(cat /tmp/swift-clip.state)
case " $* " in
*" try-restart "*) [ "$state" = stopped ] || echo "running, anew" > /tmp/swift-clip.state ;;
*" restart "*) echo "running, anew" > /tmp/swift-clip.state ;;
*" start "*) echo running > /tmp/swift-clip.state ;;
*" stop "*) echo stopped > /tmp/swift-clip.state ;;
*" is-active "*) [ "$state" != stopped ] ;;
*" is-enabled "*) echo disabled; exit 1 ;;
esac
END
chmod 755 "$folder/usr/local/bin/systemctl"
: > "$record"
echo stopped > "$state"

dpkg_in -i /tmp/swift-clip.deb
step "install" "" stopped
dpkg_in -i /tmp/swift-clip.deb
step "upgrade of a service that does not run" try-restart stopped
echo running > "$state"
dpkg_in -i /tmp/swift-clip.deb
step "upgrade of a service that runs" try-restart "running, anew"

# As systemd lays it out for a user that exists only while the service runs.
mkdir -p "$folder/var/cache/private/swift-clip/huggingface"
ln -sfn private/swift-clip "$folder/var/cache/swift-clip"
echo "#" >> "$folder/etc/swift-clip/swift-clip.conf"
dpkg_in --remove swift-clip
step "remove" stop stopped
[ -e "$folder/var/cache/swift-clip/huggingface" ] && [ -e "$folder/etc/swift-clip/swift-clip.conf" ] \
    || fail "remove: the cache or the settings are gone, which purge alone takes."
dpkg_in --purge swift-clip
step "purge" "" stopped
for left in var/cache/private/swift-clip var/cache/swift-clip etc/swift-clip/swift-clip.conf; do
    [ ! -e "$folder/$left" ] && [ ! -L "$folder/$left" ] || fail "purge: $left is still there."
done
echo "ok  purge: the cache and the settings are gone"
