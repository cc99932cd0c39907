#!/usr/bin/env bash
# Fuzzes for a given time per target, one target after the other:
#
#     integration-tests/fuzz.sh [--minutes M] [--list] [--out FOLDER] [TARGET ...]
#
# Without a target, all of them; --list names them. M may be a part of a minute; without --minutes each target has one. Targets of Java are
# the @FuzzTest methods of the modules' tests, written CLASS.METHOD, and run under Jazzer; those of C++ (core/fuzz, fpga-backend's fuzz) run
# under libFuzzer with the address and undefined-behaviour sanitizers.
#
# FOLDER (target/fuzz) keeps a corpus per target, which the next run goes on with, a log per target, and what was found. Ends with 1 if
# something was found, and says how to see it again. Mend it, and copy the input to where the tests run it in every build: for C++ to
# src/test/fuzz/TARGET of the module, for Java to the folder that the log of the run names (src/test/resources/PACKAGE/CLASSInputs/METHOD).
#
# Needs Clang with libFuzzer besides what the build needs (Debian: apt-get install clang libclang-rt-dev), or CXX set to one.
set -euo pipefail
root="$(cd "$(dirname "$0")/.." && pwd)"
cd "$root"

modules=(onnx-ops plugin/model plugin/quantizer plugin/training plugin/cli)
# Program of C++: its targets are what it prints for --targets.
programs=(subbit-onnx-ops/core_fuzz subbit-fpga-backend/device_fuzz subbit-fpga-backend/provider_fuzz)
# Of one input: more is a finding. An idle machine needs a hundredth.
timeout_seconds=60

minutes=1
out="$root/target/fuzz"
list=
wanted=()
while [ $# -gt 0 ]; do
  case "$1" in
    --minutes) minutes="$2"; shift 2 ;;
    --out) mkdir -p "$2"; out="$(cd "$2" && pwd)"; shift 2 ;;
    --list) list=1; shift ;;
    -*) sed -n '2,/^set -/{/^#/s/^# \{0,1\}//p}' "$0"; exit 2 ;;
    *) wanted+=("$1"); shift ;;
  esac
done
seconds="$(awk -v m="$minutes" 'BEGIN { if (m + 0 <= 0) exit 1; printf "%d", m * 60 + 0.5 }')" || {
  echo "--minutes is $minutes; it must be more than 0" >&2
  exit 2
}

# Targets of Java: module, class and method of every @FuzzTest, from the sources.
java_targets() {
  local module file package class
  for module in "${modules[@]}"; do
    while read -r file; do
      package="$(sed -n 's/^package \(.*\);/\1/p' "$file")"
      class="$(basename "$file" .java)"
      awk '/@FuzzTest/ { next_method = 1 }
           next_method && /^  void [A-Za-z]+\(/ { sub(/^  void /, ""); sub(/\(.*/, ""); print; next_method = 0 }' "$file" |
        sed "s|^|$module $package.$class |"
    done < <(find "$module/src/test/java" -name '*FuzzTest.java' | sort)
  done
}

# Targets of C++: program and name, from the sources too, so that the list needs no build.
cpp_targets() {
  local program source
  for program in "${programs[@]}"; do
    case "$program" in
      *core_fuzz) source=onnx-ops/src/main/native/core/fuzz/targets.cc ;;
      *device_fuzz) source=fpga-backend/src/main/native/fuzz/targets.cc ;;
      *) source=fpga-backend/src/main/native/fuzz/provider_fuzz.cc ;;
    esac
    grep -o '{"[a-z_]*", [A-Za-z:]*Fuzz' "$source" | sed "s|{\"\([a-z_]*\)\".*|$program \1|"
  done
}

chosen() { # name
  [ ${#wanted[@]} -eq 0 ] && return
  local name
  for name in "${wanted[@]}"; do
    [ "$name" = "$1" ] && return
  done
  return 1
}

java="$(java_targets)"
cpp="$(cpp_targets)"
names="$(
  while read -r _ class method; do echo "${class##*.}.$method"; done <<< "$java"
  while read -r _ name; do echo "$name"; done <<< "$cpp"
)"
if [ -n "$list" ]; then
  echo "$names"
  exit
fi
for name in ${wanted[@]+"${wanted[@]}"}; do
  grep -qxF "$name" <<< "$names" || {
    echo "There is no target $name; --list names those that there are." >&2
    exit 2
  }
done

mkdir -p "$out"
ran=0
found=0

# One target: its name, then what runs it. The corpus folder comes last, and the options of libFuzzer, which Jazzer has too.
fuzz() {
  local name="$1" log="$out/$1.log" corpus="$out/corpus/$1" findings="$out/findings/$1" rc=0
  shift
  mkdir -p "$corpus" "$findings"
  "$@" -max_total_time="$seconds" -timeout="$timeout_seconds" -rss_limit_mb=6000 -artifact_prefix="$findings/" -print_final_stats=1 \
    "$corpus" > "$log" 2>&1 || rc=$?
  local runs
  runs="$(sed -n 's/^stat::number_of_executed_units: *//p; s/^Done \([0-9]*\) runs.*/\1/p' "$log" | tail -n 1)"
  ran=$((ran + 1))
  if [ "$rc" -ne 0 ]; then
    found=$((found + 1))
    echo "FOUND  $name: $log; the input is in $findings"
  else
    echo "fine   $name: ${runs:-no} runs in $seconds s"
  fi
}

run_java() {
  [ -n "$java" ] || return 0
  # The class paths of the modules' tests, with whatever they need compiled. The native libraries are left as they are.
  local modules_chosen
  modules_chosen="$(while read -r module class method; do
    if chosen "${class##*.}.$method"; then echo "$module"; fi
  done <<< "$java" | sort -u | paste -sd,)"
  [ -n "$modules_chosen" ] || return 0
  ./mvnw --batch-mode --no-transfer-progress --quiet -pl "$modules_chosen" -am -Dexec.skip -Dnative.skipTests -Dnative.skipCross \
    -Dspotless.check.skip -Dcheckstyle.skip -Dmdep.outputFile=target/test-classpath.txt test-compile dependency:build-classpath
  while read -r module class method; do
    local name="${class##*.}.$method"
    chosen "$name" || continue
    cd "$root/$module"
    fuzz "$name" java -Xmx2g -XX:-OmitStackTraceInFastThrow -XX:+UseParallelGC \
      -cp "target/test-classes:target/classes:$(cat target/test-classpath.txt)" com.code_intelligence.jazzer.Jazzer \
      --target_class="$class" --target_method="$method" --hooks=true --reproducer_path="$out" \
      --instrumentation_includes='dev.subbit.**' --custom_hook_includes='dev.subbit.**'
    cd "$root"
  done <<< "$java"
}

run_cpp() {
  [ -n "$cpp" ] || return 0
  local build="$root/target/native-fuzz" compiler="${CXX:-}" program name runtime="$out/onnxruntime" kept
  local chosen_any=
  while read -r program name; do chosen "$name" && chosen_any=1; done <<< "$cpp"
  [ -n "$chosen_any" ] || return 0
  if [ -z "$compiler" ]; then
    compiler="$(command -v "$(compgen -c clang++ | grep -E '^clang\+\+(-[0-9]+)?$' | sort -Vr | head -n 1)")" || true
  fi
  [ -n "$compiler" ] || {
    echo "No Clang found. Debian: apt-get install clang libclang-rt-dev; elsewhere set CXX to a clang++ with libFuzzer." >&2
    exit 2
  }
  cmake -S "$root" -B "$build" -DCMAKE_CXX_COMPILER="$compiler" -DCMAKE_BUILD_TYPE=Debug -DSUBBIT_FUZZ=ON -DSUBBIT_SKIP_TESTS=ON > "$out/cmake.log"
  cmake --build "$build" --parallel 2 --target core_fuzz device_fuzz provider_fuzz >> "$out/cmake.log" || {
    tail -n 40 "$out/cmake.log"
    exit 2
  }
  while read -r program name; do
    chosen "$name" || continue
    if [ "$name" = provider ]; then
      # ONNX Runtime's library is in its jar.
      mkdir -p "$runtime"
      ./mvnw --batch-mode --no-transfer-progress --quiet -N dependency:copy \
        -Dartifact="com.microsoft.onnxruntime:onnxruntime:$(sed -n 's:.*<onnxruntime.version>\(.*\)</onnxruntime.version>.*:\1:p' pom.xml)" \
        -DoutputDirectory="$runtime" -Dmdep.stripVersion
      (cd "$runtime" && jar xf onnxruntime.jar "ai/onnxruntime/native/linux-$(uname -m | sed s/x86_64/x64/)/libonnxruntime.so")
      export SUBBIT_ONNXRUNTIME
      SUBBIT_ONNXRUNTIME="$(find "$runtime" -name libonnxruntime.so)"
    fi
    kept="$root/${program%%/*}"
    case "$program" in
      subbit-onnx-ops/*) kept="$root/onnx-ops/src/test/fuzz/$name" ;;
      *) kept="$root/fpga-backend/src/test/fuzz/$name" ;;
    esac
    if [ -d "$kept" ]; then mkdir -p "$out/corpus/$name" && cp "$kept"/* "$out/corpus/$name/"; fi
    # Short inputs say little, since zeros follow them.
    fuzz "$name" "$build/$program" --target="$name" -max_len=1024 -len_control=10
  done <<< "$cpp"
}

run_java
run_cpp
echo "$ran targets, $minutes minutes each: $found with a finding."
[ "$found" -eq 0 ]
