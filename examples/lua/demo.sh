#!/bin/sh
# SPDX-License-Identifier: MIT
# Gets Debian's lua5.4 source, builds it outside the tree as its own makefile does, with one flag more, and measures a script.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=${DEMO_LUA_DIR:-$(mktemp -d "${TMPDIR:-/tmp}/hotpath-lua.XXXXXX")}
[ -n "${DEMO_LUA_DIR:-}" ] || trap 'rm -rf "$work"' EXIT
cd "$work"

if ! ls lua5.4_*.orig.tar.* >/dev/null 2>&1; then
  if ! apt-get source --download-only -qq lua5.4 >fetch.log 2>&1; then
    if [ "$(id -u)" = 0 ]; then
      # No source entries: add some, beside those that there are, for this command alone.
      mkdir -p lists/partial sources
      cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null | sed -n 's/^deb /deb-src /p' >sources/src.list || true
      for f in /etc/apt/sources.list.d/*.sources; do
        [ -e "$f" ] && sed 's/^Types:.*/Types: deb-src/' "$f" >"sources/$(basename "$f")"
      done
      options="-o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts=$work/sources -o Dir::State::Lists=$work/lists"
      # shellcheck disable=SC2086
      apt-get $options update -qq && apt-get $options source --download-only -qq lua5.4 >fetch.log 2>&1
    else
      echo "demo-lua: no Debian source entries; add a deb-src line to /etc/apt/sources.list and run: apt-get update" >&2
      exit 1
    fi
  fi
fi
rm -rf lua-5.4.*
tar xf lua5.4_*.orig.tar.*
cd lua-5.4.*
cp "$here/hotpath.yaml" .
echo "make linux MYCFLAGS=$PLUGIN_FLAG      # in $(pwd)"
make -s linux CC="$CC -std=gnu99" MYCFLAGS="$PLUGIN_FLAG" >build.log 2>&1 || { cat build.log; exit 1; }
HOTPATH_DIR="$work/.hotpath" ./src/lua "$here/bench.lua"
HOTPATH_DIR="$work/.hotpath" "$HOTPATH" report --run last
