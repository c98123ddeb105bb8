#!/bin/bash
# SPDX-License-Identifier: MIT
# lttng.sh PROGRAM WORKLOAD: LTTng-UST for bench.sh.  PROGRAM is built with -finstrument-functions, and LTTng's own hooks for that
# are preloaded.  Prints a headline that says what was recorded, then the program's line.
#
# It has a session daemon of its own, without kernel modules, in a folder of its own.  Root's daemon would be the whole machine's,
# so root becomes nobody for it.  Nothing waits for ever, and nothing is left behind, neither after an error nor an interrupt.
set -eu
program=$1 workload=$2 hooks=liblttng-ust-cyg-profile-fast.so

absent() {
  echo "-- LTTng-UST: $1"
  exit 0
}
folder=$(mktemp -d) daemon=
waits_before=$(ls /dev/shm/lttng-ust-wait-* 2>/dev/null || true)
clean_up() {
  trap '' INT TERM HUP
  if [ -n "$daemon" ]; then
    kill "$daemon" 2>/dev/null || true
    wait "$daemon" 2>/dev/null || true
  fi
  # Where programs wait for a daemon; nobody else's may go.
  for f in /dev/shm/lttng-ust-wait-*; do
    grep -qxF -- "$f" <<<"$waits_before" || rm -f "$f"
  done
  rm -rf "$folder"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

if ! command -v lttng >/dev/null || ! command -v lttng-sessiond >/dev/null; then absent "not installed (lttng-tools)"; fi
as=()
if [ "$(id -u)" = 0 ]; then
  as=(setpriv --reuid=65534 --regid=65534 --clear-groups)
  "${as[@]}" true 2>/dev/null || absent "root cannot become another user here"
fi
# The loader goes on without what it cannot preload, and glibc's own empty hooks would be measured.
[ -z "$("${as[@]}" env LD_PRELOAD=$hooks LTTNG_UST_REGISTER_TIMEOUT=0 true 2>&1)" ] || absent "not installed (liblttng-ust-dev)"

cp "$program" "$folder/program"
[ ${#as[@]} = 0 ] || chown 65534:65534 "$folder"
cd "$folder"
export LTTNG_HOME=$folder HOME=$folder LTTNG_UST_REGISTER_TIMEOUT=-1
failed() {
  echo "-- LTTng-UST"
  echo "LTTng-UST did not run: $1"
  exit 0
}
lttng() { "${as[@]}" timeout --foreground -k 5 60 lttng -q "$@" >>log 2>&1; }

# Also when we are killed it ends some time.
"${as[@]}" timeout -k 5 300 lttng-sessiond --no-kernel >>log 2>&1 &
daemon=$!
for _ in $(seq 100); do
  if lttng list; then break; fi
  kill -0 "$daemon" 2>/dev/null || break
  sleep 0.1
done
lttng create bench --output="$folder/trace" || failed "no session daemon"
{
  lttng enable-channel --userspace --subbuf-size=1M --num-subbuf=8 calls &&
    lttng enable-event --userspace --channel=calls 'lttng_ust_cyg_profile*' && lttng start
} || failed "no session"
"${as[@]}" env LD_PRELOAD=$hooks timeout --foreground -k 5 120 ./program "$workload" >line || failed "the program ended with status $?"
lttng stop || failed "it did not stop"
lost=$("${as[@]}" timeout 60 lttng list bench | sed -n 's/.*Discarded events: *//p')
size=$(du -sb trace | cut -f1)
[ "$size" -gt 1000000 ] || failed "next to nothing was recorded"
echo "-- LTTng-UST, cyg-profile-fast (an event for each entry and exit: a trace of $((size / 1000000)) MB, ${lost:-?} events discarded)"
cat line
