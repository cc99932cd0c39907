#!/usr/bin/env bash
# Checks that the last commit gives the same bytes wherever and whenever it is built: two clones in folders of different depth, built one
# after the other in different time zones and languages, have to agree in every jar, POM and bill of materials, native libraries included.
#
#     integration-tests/reproducible.sh [argument of ./mvnw ...]
#
# Takes as long as two builds without tests. -Dnative.skipCross leaves the libraries for other platforms out.
set -euo pipefail
root="$(cd "$(dirname "$0")/.." && pwd)"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

build() { # folder, list of sums, argument of ./mvnw ...
  local folder="$1" sums="$2"
  shift 2
  git clone --quiet --shared "$root" "$folder"
  cd "$folder"
  ./mvnw --batch-mode --no-transfer-progress --quiet -Prelease -DskipTests package "$@" > "$folder.log" 2>&1 || {
    cat "$folder.log"
    exit 1
  }
  find . -path '*/target/*' \( -name 'subbit-*.jar' -o -name published-pom.xml -o -name 'bom.*' \) -not -path '*/target/*/*' -print0 |
    sort -z | xargs -0 sha256sum > "$sums"
  test -s "$sums"
  cd "$root"
}

(export TZ=UTC LC_ALL=C.UTF-8; build "$work/one" "$work/one.sums" "$@")
(export TZ=Asia/Tokyo LC_ALL=C; build "$work/another/of/them" "$work/another.sums" "$@")

if ! diff "$work/one.sums" "$work/another.sums"; then
  while read -r file; do
    for folder in "$work/one" "$work/another/of/them"; do
      mkdir -p "$folder.unpacked" && (cd "$folder.unpacked" && jar xf "$folder/$file")
    done
    diff -rq "$work/one.unpacked" "$work/another/of/them.unpacked" || true
    rm -rf "$work/one.unpacked" "$work/another/of/them.unpacked"
  done < <(diff "$work/one.sums" "$work/another.sums" | sed -n 's/^< [0-9a-f]* *\(.*\.jar\)$/\1/p')
  echo "The two builds differ in the files above." >&2
  exit 1
fi
echo "$(wc -l < "$work/one.sums") files are the same in both builds."
