#!/bin/sh
# SPDX-License-Identifier: MIT
# make bench: what a measured call costs, with hotpath and with what else is installed, on the same program in the same run; then what
# start and end of a process cost (start.sh).
# Ratios, because machines differ: 1.00 is two clock reads.  A peer that is not installed is said so, in a line.
# Debian's packages: uftrace, lttng-tools with liblttng-ust-dev, clang with libclang-rt-dev, linux-perf, valgrind.
set -eu
b=$1 cc=$2 here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$b/bench"
cd "$b/bench"
store=$(pwd)/store
export HOTPATH_DIR="$store" HOTPATH_SEGMENTS="$(pwd)/segments"
rm -rf store segments && mkdir -p store
[ -d /dev/shm ] && HOTPATH_SEGMENTS=$(mktemp -d /dev/shm/hotpath-bench.XXXXXX)
trap 'rm -rf "$HOTPATH_SEGMENTS"' EXIT
printf 'rules:\n  - functions: ["leaf", "fib", "deep", "work", "site_*"]\n    measure: true\n' >hotpath.yaml
flags="-O2 -pthread -Wno-attributes"
# shellcheck disable=SC2086
build() { out=$1; shift; $cc $flags -o "$out" "$here/calls.c" "$@"; }

echo "workload           calls  floor ns   bare ns  measured   ratio  over %"
echo "-- hotpath"
build calls-hotpath "-fplugin=../lib/hotpath.so" "-fplugin-arg-hotpath-config=$(pwd)/hotpath.yaml"
HOTPATH_RUN_TOKEN=bench ./calls-hotpath
echo "-- hotpath, HOTPATH_BUDGET=2% (every call counted, some timed)"
for w in leaf fib 5120-sites work-1us; do HOTPATH_BUDGET=2% HOTPATH_RUN_TOKEN=bench ./calls-hotpath $w; done
echo "-- hotpath, HOTPATH_DISABLE=1"
HOTPATH_DISABLE=1 ./calls-hotpath leaf
echo "-- -finstrument-functions, empty hooks (no clock)"
printf 'void __cyg_profile_func_enter(void *f, void *c) { (void)f; (void)c; }\nvoid __cyg_profile_func_exit(void *f, void *c) { (void)f; (void)c; }\n' >empty.c
$cc -O2 -c -o empty.o empty.c
build calls-cyg -finstrument-functions empty.o
./calls-cyg leaf
echo "-- gprof, -pg (counts calls, samples time)"
build calls-pg -pg && ./calls-pg leaf && rm -f gmon.out
if command -v uftrace >/dev/null; then
  echo "-- uftrace record (an event for each call)"
  uftrace record --no-pager -d uftrace.data ./calls-pg leaf 2>/dev/null || echo "uftrace did not run"
  rm -rf uftrace.data gmon.out
else
  echo "-- uftrace: not installed"
fi
build calls-lttng -finstrument-functions
"$here/lttng.sh" "$(pwd)/calls-lttng" leaf
if command -v clang >/dev/null; then
  echo "-- XRay of clang, flight data recorder (an event for each call, the newest 1 MB kept)"
  if clang -O2 -pthread -w -fxray-instrument -o calls-xray "$here/calls.c" 2>/dev/null; then
    XRAY_OPTIONS="patch_premain=true xray_mode=xray-fdr verbosity=0 xray_logfile_base=$(pwd)/xray." \
      XRAY_FDR_OPTIONS="buffer_size=16384 buffer_max=64 func_duration_threshold_us=0" ./calls-xray leaf 2>/dev/null || echo "XRay did not run"
    rm -f xray.*
  else
    echo "XRay: this clang has no runtime for it"
  fi
else
  echo "-- XRay: no clang installed"
fi
if command -v perf >/dev/null; then
  echo "-- perf record (samples, counts nothing)"
  build calls-bare
  perf record -q -o perf.data ./calls-bare leaf 2>/dev/null || echo "perf did not run: the kernel does not let it"
  rm -f perf.data
else
  echo "-- perf: not installed"
fi
if command -v valgrind >/dev/null; then
  echo "-- callgrind (instructions, simulated)"
  build calls-bare
  valgrind --tool=callgrind --callgrind-out-file=/dev/null ./calls-bare leaf 2>/dev/null
else
  echo "-- callgrind: not installed"
fi
echo
"$here/start.sh" "$b" "$cc"
