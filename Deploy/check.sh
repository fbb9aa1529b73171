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
# The unit by itself, and with the keys that an operator adds. The command it names is not on this machine, which is all that it may
# say.
unit() {
    mkdir -p "$work/units/swift-clip.service.d"
    cp "$here/systemd/swift-clip.service" "$work/units/"
    ! systemd-analyze verify --man=no "$work/units/swift-clip.service" 2>&1 | grep -v 'is not executable' || return 1
    sed 's/^#\([LE]\)/\1/' "$here/systemd/keys.conf" > "$work/units/swift-clip.service.d/keys.conf"
    ! systemd-analyze verify --man=no "$work/units/swift-clip.service" 2>&1 | grep -v 'is not executable'
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

silent "lintian" package
silent "systemd-analyze verify" unit
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
