#!/usr/bin/env bash
# Runs models under Windows's Java and ONNX Runtime's DLL in Wine, and on this Linux, and compares the bits of their outputs: every operator,
# the stored models of the tests, and those in the folders that are named, on every back end.
#
#   ./mvnw package                                  builds what is run, for Windows too
#   integration-tests/windows/run.sh [FOLDER...]    folders with saved models (.sbm), such as subbit-demo after ./subbit demo
#
# Needs Wine, really installed (Debian: apt-get install wine wine64); fetches Windows's Java (31 MB, once) by pip.
set -euo pipefail

fail() {
  printf 'windows: %s\n' "$1" >&2
  exit 1
}

home="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
target="$home/integration-tests/target"
dependencies="$target/dependencies.txt"
library="dev/subbit/onnx/native/windows-x86_64/subbit_ops.dll"

command -v wine >/dev/null || fail "found no Wine, in which Windows's Java runs. Install it (Debian: apt-get install wine wine64)."
[ -f "$dependencies" ] || fail "nothing is built yet. Run ./mvnw package first."
[ -f "$home/onnx-ops/target/classes/$library" ] ||
  fail "there is no $library: this build left other platforms out. Run ./mvnw package on linux-x86_64, without -Dnative.skipCross."

jre="$(cmake -DPLATFORM=windows-x86_64 -P "$home/integration-tests/jre.cmake" | tail -n 1)"
java="java"
if [ -n "${JAVA_HOME:-}" ]; then java="$JAVA_HOME/bin/java"; fi

work="$(mktemp -d)"
# A Wine of its own, so that the user's is left as it is.
export WINEPREFIX="$work/wine" WINEDEBUG=-all
trap '{ wineserver -k || true; } 2>/dev/null; rm -rf "$work"' EXIT
# Wine offers the root of the file system as drive Z.
windows_path() { printf 'Z:%s' "$1"; }

folders=("$home/plugin/model/src/test/resources/stored")
for folder in "$@"; do
  [ -d "$folder" ] || fail "there is no folder '$folder'."
  folders+=("$(cd "$folder" && pwd)")
done
windows_folders=()
for folder in "${folders[@]}"; do windows_folders+=("$(windows_path "$folder")"); done

# The class path goes through a file: it is longer than a command line of Windows may be.
IFS=: read -r -a jars <"$dependencies" || true
jars=("$target/test-classes" "${jars[@]}")
linux_jars="$(IFS=: && printf '%s' "${jars[*]}")"
for i in "${!jars[@]}"; do jars[i]="$(windows_path "${jars[i]}")"; done
printf -- '-cp "%s"\n' "$(IFS=';' && printf '%s' "${jars[*]}")" >"$work/classpath"

main=dev.subbit.integration.OutputDigests
echo "windows: on Linux" >&2
"$java" -cp "$linux_jars" "$main" "${folders[@]}" >"$work/linux.txt" 2>"$work/linux.log" ||
  { cat "$work/linux.log" >&2 && fail "the models do not run on Linux."; }
echo "windows: on Windows, under $(wine --version)" >&2
timeout 600 wine "$jre/bin/java.exe" -Dsubbit.wine=true "@$(windows_path "$work/classpath")" "$main" "${windows_folders[@]}" \
  >"$work/windows.txt" 2>"$work/windows.log" ||
  { tr -d '\000\r' <"$work/windows.log" >&2 && fail "the models do not run on Windows."; }

grep -q '^Platform: windows-x86_64' <(tr -d '\000\r' <"$work/windows.log") || fail "Wine did not run Windows's Java."
[ -s "$work/linux.txt" ] || fail "no model was run."
diff "$work/linux.txt" <(tr -d '\r' <"$work/windows.txt") >&2 || fail "the outputs above differ."
echo "windows: $(wc -l <"$work/linux.txt") outputs, the same bits on Linux and Windows"
