#!/usr/bin/env bash
# Installs the system packages that the build needs, or those that are named, as far as they are missing.
set -euo pipefail

if [ "$(uname -s)" = Darwin ]; then
    command -v brew >/dev/null || { echo "Homebrew is needed: https://brew.sh" >&2; exit 1; }
    formulas=(onednn jpeg-turbo libpng libtiff webp libavif libheif curl libpq pkg-config)
    brew list "${formulas[@]}" >/dev/null 2>&1 || brew install "${formulas[@]}"
    exit 0
fi

packages=(
    libdnnl-dev libjpeg-dev libpng-dev libtiff-dev libwebp-dev libavif-dev libheif-dev libcurl4-openssl-dev
    libssl-dev libidn2-dev zlib1g-dev libsqlite3-dev libpq-dev pkg-config python3-venv
)
[ $# -eq 0 ] || packages=("$@")
missing=()
for package in "${packages[@]}"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done

# Older systems have the packages, but not what the build needs of them.
check_versions() {
    pkg-config --atleast-version=4.5.0 libtiff-4 || { echo "libtiff 4.5 or later is needed (Debian 12, Ubuntu 24.04)." >&2; exit 1; }
    pkg-config --atleast-version=0.11.0 libavif || { echo "libavif 0.11 or later is needed (Debian 12, Ubuntu 24.04)." >&2; exit 1; }
}

if [ ${#missing[@]} -eq 0 ]; then
    check_versions
    exit 0
fi

command -v apt-get >/dev/null || { echo "Please install: ${missing[*]}" >&2; exit 1; }
sudo=()
[ "$(id -u)" -eq 0 ] || sudo=(sudo)
echo "Installing ${missing[*]}"
"${sudo[@]}" apt-get update -qq
"${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
check_versions
