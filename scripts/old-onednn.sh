#!/usr/bin/env bash
# Proves what a system does whose oneDNN is too old: with Ubuntu 22.04's package (oneDNN 2.2), unpacked and not installed.
#
#   scripts/old-onednn.sh [PACKAGE]
#
# PACKAGE  the .deb, as a file or an address (default: in Ubuntu's archive)
#
# Exit status: 0; 1 where naevus does something else; 3 where the package cannot be had or opened here, so that nothing was proved.
set -euo pipefail
cd "$(dirname "$0")/.."

package=${1:-http://archive.ubuntu.com/ubuntu/pool/universe/o/onednn/libdnnl2_2.2.4+ds-2_amd64.deb}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

not_run() {
  echo "old-onednn: not run: $1" >&2
  exit 3
}

fail() {
  printf 'old-onednn: %s\n' "$@" >&2
  exit 1
}

# says STATUS PATTERN COMMAND...: the command ends with this status, and its output, kept in $work/said, has the pattern.
says() {
  local wanted=$1 pattern=$2 status=0
  shift 2
  "$@" >"$work/said" 2>&1 || status=$?
  [ $status -eq "$wanted" ] || fail "$* ended with status $status instead of $wanted:" "$(cat "$work/said")"
  grep -Eq "$pattern" "$work/said" || fail "$* does not say '$pattern':" "$(cat "$work/said")"
}

command -v dpkg-deb >/dev/null || not_run "dpkg-deb is missing"
if [ -f "$package" ]; then
  cp "$package" "$work/old.deb"
else
  command -v curl >/dev/null || not_run "curl is missing"
  curl --fail --silent --show-error --location --max-time 120 --output "$work/old.deb" "$package" || not_run "$package cannot be had"
fi
dpkg-deb -x "$work/old.deb" "$work/root"
old=$(find "$work/root" -name 'libdnnl.so.2.*' -type f)
[ -n "$old" ] || fail "$package holds no libdnnl.so.2"
missing=$(ldd "$old" 2>&1 | grep -E "not found|not a dynamic" || true)
[ -z "$missing" ] || not_run "the library does not open here: $missing"

naevus() { node bin/naevus.js "$@"; }
with() { NAEVUS_ONEDNN=$old "$@"; }
too_old="oneDNN 2\.2\.[0-9]+, which is too old"

says 1 "$too_old" with naevus doctor
says 1 "^engine: +reference" with naevus doctor

naevus data phantom --out "$work/data" --images 24 --size 16 >/dev/null
train() { naevus train --data "$work/data" --out "$work/$1" --cache "$work/cache" --engine "$1" --image-size 16 --batch 8 --epochs 1; }
says 1 "$too_old" with train onednn
says 0 "$too_old" with train auto
grep -q "Going on with the reference engine" "$work/said" || fail "train --engine auto does not say that it falls back:" "$(cat "$work/said")"

echo "old-onednn: $(basename "$package") is refused with its version; auto goes on with the reference engine"
