#!/usr/bin/env bash
# Has the tools of each ecosystem look at Deploy/, and tries the package.
#
# usage: check.sh PACKAGE TOOLS      PACKAGE: the directory with the package; TOOLS: that of hadolint and kubernetes-validate
#
# Prints a line for each thing that holds; ends with 1 at the first that does not, with what its tool says.
set -euo pipefail

[ $# -eq 2 ] || { sed -n '2,6p' "$0" >&2; exit 64; }
deb=$(ls "$1"/swift-clip_*.deb | tail -1) tools=$2
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

silent() {
    local name=$1
    shift
    "$@" > "$work/log" 2>&1 && ! grep -qiE '^(W|E|WARN|ERROR)[: ]|\[(warn|alert|emerg)\]' "$work/log" \
        || { echo "$name:" >&2; cat "$work/log" >&2; exit 1; }
    echo "ok  $name"
}
package() {
    local said
    said=$(lintian --allow-root --display-info --fail-on error,warning "$deb" 2>&1) || { echo "$said"; return 1; }
    ! grep 'unused-override' <<< "$said"
}
# What systemd has to say of a unit. The command that it names is not on this machine, which is no fault of the unit.
complaints() {
    local said
    said=$(systemd-analyze verify --man=no "$1" 2>&1) || true
    grep -v 'is not executable' <<< "$said" || true
}
# The unit by itself, and with the keys that an operator adds.
unit() {
    local said
    mkdir -p "$work/units/swift-clip.service.d"
    cp "$here/systemd/swift-clip.service" "$work/units/"
    said=$(complaints "$work/units/swift-clip.service")
    sed 's/^#\([LE]\)/\1/' "$here/systemd/keys.conf" > "$work/units/swift-clip.service.d/keys.conf"
    said+=$(complaints "$work/units/swift-clip.service")
    [ -z "$said" ] || { echo "$said"; return 1; }
}
# Each fault has to be found, or the check above finds nothing, either.
faulty_units() {
    local change faulty=$work/faulty/swift-clip.service
    mkdir -p "${faulty%/*}"
    for change in 's/^ProtectSystem=/ProtectSytem=/' 's/^RestartSec=.*/RestartSec=abc/' 's/setpriority$/setpriorities/'; do
        sed "$change" "$here/systemd/swift-clip.service" > "$faulty"
        ! cmp -s "$faulty" "$here/systemd/swift-clip.service" || { echo "Nothing to change: $change"; return 1; }
        [ -n "$(complaints "$faulty")" ] || { echo "Not found: $change"; return 1; }
    done
}
# The system calls that the unit has to allow beyond those that every service has, and some that it must not.
system_calls() {
    local calls call
    calls=$("$here/systemd/syscalls.py" "$here/systemd/swift-clip.service")
    for call in sched_setaffinity setpriority; do
        grep -qx "$call" <<< "$calls" || { echo "The unit denies $call."; return 1; }
    done
    for call in sched_setscheduler setrlimit chroot mount ptrace; do
        ! grep -qx "$call" <<< "$calls" || { echo "The unit allows $call."; return 1; }
    done
}
# The packaged command answers, and ends as it is told to, with these system calls alone.
serves_with_them() {
    local log=$work/served server port status=0
    HOME=$work CLIP_PACKED_CACHE=none CLIP_PORT=0 "$here/systemd/syscalls.py" "$here/systemd/swift-clip.service" \
        "$work/tree/usr/bin/clip" serve > "$log" 2>&1 &
    server=$!
    for _ in $(seq 200); do
        port=$(sed -n 's/.*listening on http:\/\/127\.0\.0\.1:\([0-9]*\).*/\1/p' "$log" | head -1)
        [ -n "$port" ] && curl -sf "http://127.0.0.1:$port/readiness" > /dev/null && break
        kill -0 $server 2> /dev/null || break
        sleep 0.1
    done
    curl -sf "http://127.0.0.1:$port/clip/embed_text" -H 'Content-Type: application/json' -d '{"text": "a cat"}' || status=1
    kill $server
    wait $server || status=$?
    cat "$log"
    return $status
}
# Below a prefix that is not the system's own, where nothing is a package's.
prefix() {
    local file
    "$here/install.sh" "$work/tree/usr/bin/clip" /opt/clip "$work/installed" || return 1
    for file in bin/clip share/man/man1/clip.1.gz share/bash-completion/completions/clip share/zsh/site-functions/_clip \
        share/fish/vendor_completions.d/clip.fish share/doc/swift-clip/LICENSE share/doc/swift-clip/NOTICE; do
        [ -s "$work/installed/opt/clip/$file" ] || { echo "There is no $file."; return 1; }
    done
}
manifests() {
    for file in "$here"/kubernetes/*.yaml; do
        case $file in */kustomization.yaml) continue ;; esac
        "$tools/kubernetes-validate" --strict "$file" || return 1
    done
}
nginx_file() {
    echo "pid $work/pid; error_log stderr; events {} http { access_log off; include $here/proxies/nginx.conf; }" > "$work/nginx.conf"
    nginx -t -c "$work/nginx.conf"
}

dpkg-deb -x "$deb" "$work/tree"
silent "lintian" package
silent "systemd-analyze verify" unit
silent "systemd-analyze verify finds faults" faulty_units
silent "system calls of the unit" system_calls
silent "clip serve with these system calls alone" serves_with_them
silent "install.sh below a prefix" prefix
silent "hadolint" "$tools/hadolint" "$here/docker/Dockerfile"
silent "kubernetes-validate" manifests
silent "nginx -t" nginx_file
silent "haproxy -c" haproxy -c -f "$here/proxies/haproxy.cfg"
for script in "$here"/*.sh "$here"/debian/*.sh; do silent "bash -n ${script##*/}" bash -n "$script"; done
if [ "$(id -u)" -eq 0 ]; then
    status=0
    "$here/debian/try.sh" "$deb" "$work/root" || status=$?
    [ $status -ne 75 ] || echo "--  no bare Debian can be made here: the package is not installed into one"
    [ $status -eq 0 ] || [ $status -eq 75 ] || exit 1
    [ $status -ne 0 ] || "$here/debian/lifecycle.sh" "$deb" "$work/root"
else
    echo "--  not root: the package is not installed into a bare Debian"
fi
