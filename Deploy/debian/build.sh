#!/usr/bin/env bash
# Makes the Debian package of the built command.
#
# usage: build.sh CLIP OUT      CLIP: the built command; OUT: a directory, in which swift-clip_VERSION-1_ARCHITECTURE.deb is then
set -euo pipefail

[ $# -eq 2 ] || { sed -n '2,5p' "$0" >&2; exit 64; }
clip=$(realpath "$1")
root=$(cd "$(dirname "$0")/../.." && pwd)
mkdir -p "$2"
out=$(realpath "$2")
version=$("$clip" --version)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
stage=$work/swift-clip-$version
mkdir -p "$stage/debian"
cp "$root"/Deploy/debian/{control,rules,prerm,postrm} "$stage/debian/"
install -m 644 "$root/Deploy/debian/lintian-overrides" "$stage/debian/swift-clip.lintian-overrides"
install -m 644 "$root/Deploy/systemd/swift-clip.service" "$stage/debian/swift-clip.service"

# The changelog has the version and the day of the last commit, so that two builds of one state are the same.
date=$(git -C "$root" log -1 --format=%cD 2>/dev/null || date -R)
cat > "$stage/debian/changelog" <<END
swift-clip ($version-1) unstable; urgency=medium

  * See CHANGELOG.md in this package's documentation.

 -- swift-clip authors <swift-clip@users.noreply.github.com>  $date
END
{
    echo "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/"
    echo "Upstream-Name: swift-clip"
    echo "Disclaimer: The weights of clip-mini are for non-commercial research and education only."
    echo
    echo "Files: *"
    echo "Copyright: the swift-clip authors, and others"
    echo "License: Apache-2.0 and others"
    echo " On Debian systems the Apache License, version 2.0, is /usr/share/common-licenses/Apache-2.0."
    echo " Swift's runtime libraries in /usr/lib/swift-clip are of the Swift project, under the same licence with its Runtime Library Exception."
    echo " What is of others:"
    sed -e 's/^$/./' -e 's/^/ /' "$root/NOTICE"
} > "$stage/debian/copyright"
printf 'README.md\nREADME.ko.md\nCHANGELOG.md\nNOTICE\n' > "$stage/debian/swift-clip.docs"
printf 'keys.conf\n' > "$stage/debian/swift-clip.examples"
cp "$root"/{README.md,README.ko.md,CHANGELOG.md,NOTICE,Deploy/systemd/keys.conf} "$stage/"

"$root/Deploy/install.sh" "$clip" /usr "$stage/root"
# Debian's packages have their licence in the file copyright, and no second one.
rm "$stage/root/usr/share/doc/swift-clip/LICENSE"
install -D -m 644 "$root/Deploy/systemd/swift-clip.conf" "$stage/root/etc/swift-clip/swift-clip.conf"

(cd "$stage" && dpkg-buildpackage --build=binary --no-sign -d > "$work/log" 2>&1) || { cat "$work/log" >&2; exit 1; }
cp "$work"/*.deb "$out/"
ls "$out"/swift-clip_"${version}"-1_*.deb
