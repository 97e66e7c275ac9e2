#!/usr/bin/env bash
# Proves the 3.x interface of oneDNN: runs the engine's tests in a Debian 13 root, on its libdnnl3.6, and against its ONNX's node tests.
#
#   scripts/debian13.sh [FOLDER [MIRROR]]
#
# FOLDER  where the root is, or is made with debootstrap (default: ~/.cache/naevus/debian13; kept for the next time)
# MIRROR  a Debian mirror (default: the one in this machine's apt sources)
# VITEST_REPORT=FILE  also writes vitest's JSON report there
# BENCH_RESULTS=FILE  runs the quick bench instead of the tests, beside Debian 13's PyTorch, and writes its JSON to FILE
#
# Exit status: that of the tests, or 3 where the root cannot be made or used here, so that nothing was proved.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/naevus/debian13}
mirror=${2:-}

not_run() {
  echo "debian13: not run: $1" >&2
  exit 3
}

# The first mirror in apt's sources, in either of their two formats; one that is plainly Debian's own goes first.
apt_mirror() {
  local found
  found=$(sed -nE 's/^URIs:[[:space:]]*([^[:space:]]+).*/\1/p; s/^deb[[:space:]]+(\[[^]]*\][[:space:]]+)?([^[:space:]]+).*/\2/p' \
    /etc/apt/sources.list /etc/apt/sources.list.d/*.sources /etc/apt/sources.list.d/*.list 2>/dev/null || true)
  grep -m 1 -E '/debian/?$' <<<"$found" || head -n 1 <<<"$found"
}

is_complete() {
  compgen -G "$folder/usr/lib/*/libdnnl.so.3.*" >/dev/null && [ ! -d "$folder/debootstrap" ]
}

[ "$(id -u)" = 0 ] || not_run "it needs root, for debootstrap and chroot"

if ! is_complete; then
  command -v debootstrap >/dev/null || not_run "debootstrap is not installed (apt-get install debootstrap)"
  mirror=${mirror:-$(apt_mirror)}
  [ -n "$mirror" ] || not_run "no Debian mirror in this machine's apt sources; name one as the second argument"
  echo "debian13: making the root in $folder"
  rm -rf "$folder"
  mkdir -p "$folder"
  log=$(mktemp)
  if ! debootstrap --variant=minbase --include=libdnnl3.6 trixie "$folder" "$mirror" >"$log" 2>&1; then
    tail -n 5 "$log" >&2
    rm -rf "$folder" "$log"
    not_run "debootstrap failed; its last lines stand above"
  fi
  rm -f "$log"
fi

# The running node and a copy of the project go in, under a name of their own, and come out again at the end.
inside=/opt/naevus-$$
trap 'rm -rf "${folder:?}$inside"' EXIT
mkdir -p "$folder$inside/bin" "$folder$inside/project"
cp -L "$(node -p process.execPath)" "$folder$inside/bin/node"
left_out=(--exclude=./.git --exclude=./runs --exclude=./data)
[ -n "${BENCH_RESULTS:-}" ] || left_out+=(--exclude=./node_modules/onnxruntime-node/bin)
tar -cf - "${left_out[@]}" . | tar -xf - -C "$folder$inside/project"

# /proc tells the number of processors; a mount namespace of its own unmounts it by itself.
in_root() {
  unshare --mount sh -c '
    mount -t proc proc "$0/proc" 2>/dev/null || true
    exec chroot "$0" /usr/bin/env -i HOME=/root LANG=C.UTF-8 CI=1 NO_COLOR=1 NAEVUS_REQUIRE_ONEDNN=1 PATH="$1/bin:/usr/bin:/bin" \
      sh -c "cd \"\$0/project\" && exec \"\$@\"" "$@"' "$folder" "$inside" "$@"
}

in_root node --version >/dev/null || not_run "this machine's node does not start in Debian 13 (is it a distribution's own build?)"

library=$(in_root node --input-type=module -e '
  import { onednnEngine } from "./dist/engine/onednn/onednn-engine.js";
  console.log(onednnEngine().description.library);')
echo "debian13: Debian $(cat "$folder/etc/debian_version"), Node $(node -p process.versions.node), $library"
case "$library" in
*" 3."*) ;;
*)
  echo "debian13: expected oneDNN 3.x, got $library" >&2
  exit 1
  ;;
esac

if [ -n "${BENCH_RESULTS:-}" ]; then
  in_root sh -c 'python3 -c "import torch" 2>/dev/null || { apt-get -q update && apt-get -q install -y --no-install-recommends python3-torch; } >&2'
  in_root node dist/bench/main.js --quick --json >"$BENCH_RESULTS"
  exit
fi

# Its node tests are those that the recorded ones are compared with.
in_root sh -c 'python3 -c "import onnx" 2>/dev/null || { apt-get -q update && apt-get -q install -y --no-install-recommends python3-onnx; } >&2' \
  >/dev/null || not_run "python3-onnx could not be installed in $folder"

status=0
in_root node node_modules/vitest/vitest.mjs run --config vitest.all.config.ts src/engine --reporter=default --reporter=json \
  --outputFile.json=report.json || status=$?
if [ -n "${VITEST_REPORT:-}" ] && [ -f "$folder$inside/project/report.json" ]; then
  cp "$folder$inside/project/report.json" "$VITEST_REPORT"
fi
exit "$status"
