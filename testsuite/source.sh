#!/bin/sh
# SPDX-License-Identifier: MIT
# source.sh PACKAGE FOLDER: gets the upstream source of a Debian package into FOLDER/PACKAGE, unpacked and unmodified, and prints
# that path.  What is there already is not fetched again.  Exit status 1, with the reason, when there is no way to it.
set -eu
package=$1
mkdir -p "$2"
folder=$(cd "$2" && pwd)
if [ -d "$folder/$package" ]; then
  echo "$folder/$package"
  exit 0
fi
cd "$folder"

if ! ls "${package}"_*.orig.tar.* >/dev/null 2>&1; then
  if ! apt-get source --download-only -qq "$package" >fetch.log 2>&1; then
    if [ "$(id -u)" = 0 ]; then
      # No source entries: add some, beside those that there are, for this command alone.
      mkdir -p lists/partial entries
      cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null | sed -n 's/^deb /deb-src /p' >entries/src.list || true
      for f in /etc/apt/sources.list.d/*.sources; do
        [ -e "$f" ] && sed 's/^Types:.*/Types: deb-src/' "$f" >"entries/$(basename "$f")"
      done
      options="-o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts=$folder/entries -o Dir::State::Lists=$folder/lists"
      # shellcheck disable=SC2086
      { apt-get $options update -qq && apt-get $options source --download-only -qq "$package"; } >>fetch.log 2>&1 || true
    fi
  fi
fi
if ! ls "${package}"_*.orig.tar.* >/dev/null 2>&1; then
  echo "no source of Debian's $package here; add a deb-src line to /etc/apt/sources.list and run: apt-get update" >&2
  exit 1
fi
rm -rf "$package.new"
mkdir "$package.new"
for f in "${package}"_*.orig.tar.*; do
  case $f in *.asc) continue ;; esac
  tar -xf "$f" -C "$package.new" --strip-components=1
done
mv "$package.new" "$package"
echo "$folder/$package"
