#!/usr/bin/env bash
# Holds the architecture in place where the compiler does not: who may import what.
# (That a target imports only what it declares is checked by the build itself.)
set -euo pipefail
cd "$(dirname "$0")/.."
status=0

# only MODULE TARGET...: MODULE may be imported by these targets alone, and never publicly.
only() {
    local module=$1
    shift
    local found
    found=$(grep -rnE "^[^/]*\bimport (struct |class |enum |func |var )?$module\b" Sources --include='*.swift' || true)
    for target in "$@"; do found=$(grep -v "^Sources/$target/" <<<"$found" || true); done
    [ -z "$found" ] || { printf '%s is imported outside %s:\n%s\n' "$module" "$*" "$found"; status=1; }
    found=$(grep -rnE "\b(public|package) import $module\b" Sources --include='*.swift' || true)
    [ -z "$found" ] || { printf '%s is imported publicly:\n%s\n' "$module" "$found"; status=1; }
}

only COneDNN CLIPKernels
only CSimd CLIPKernels
only CVectorScan CLIPIndex
only GRDB CLIPIndex
only CPq CLIPIndex
only CPictures CLIPImaging
only CJPEG CLIPImaging
only CResize CLIPImaging
only CCurl CLIPFetching CLIPHub
only CCrypto CLIPHub
only CZlib CLIPTokenization CLIPServer CLIPFetching CLIPWeights
for module in NIOCore NIOPosix HTTPTypes UnixSignals; do only $module CLIPServer; done
only ArgumentParser clip
# What all may read with knows nobody; of files, nobody but the system.
found=$(grep -rnE '^[^/]*\bimport ' Sources/CLIPJSON --include='*.swift' || true)
[ -z "$found" ] || { printf 'CLIPJSON imports something:\n%s\n' "$found"; status=1; }
found=$(grep -rnE '^[^/]*\bimport ' Sources/CLIPFiles --include='*.swift' | grep -vE 'import (Foundation|Glibc|Musl|Darwin)$' || true)
[ -z "$found" ] || { printf 'CLIPFiles imports something:\n%s\n' "$found"; status=1; }
for leaf in CLIPTokenization CLIPImaging CLIPFetching CLIPKernels CLIPModels CLIPWeights; do
    for other in CLIPServer CLIPEvaluation CLIPBulk clip; do
        found=$(grep -rnE "import $leaf\b" "Sources/$other" --include='*.swift' || true)
        [ -z "$found" ] || { printf '%s reaches past the engine:\n%s\n' "$other" "$found"; status=1; }
    done
done
# Swift has it on no Mac with an Intel processor; HalfFloat stands for it.
found=$(grep -rnE '^[^/]*\bFloat16\b' Sources --include='*.swift' || true)
[ -z "$found" ] || { printf 'Float16 is not there on every system:\n%s\n' "$found"; status=1; }
exit $status
