#!/usr/bin/env bash
# Checks subbit-spark on clusters of two executors, of the oldest and the newest Spark that it is for:
#
#     integration-tests/spark/run.sh [--data FOLDER] [--spark VERSION]... [--times N] [--model NAME]
#
# All test images of Fashion-MNIST, as PNG files, get the same bits by ./subbit predict --spark, a PySpark script of ten lines, a saved
# pipeline and ./subbit predict; broken pictures are rows with a reason; a killed executor ends nothing. A sweep of four trainers over three
# seeds gives the table that it gives without Spark. Then prints images per second of one core, in Spark and in a plain JVM, for N times the
# pictures (10, together 100,000), three times in turns; with --times 0 it does not.
#
# FOLDER has t10k-images-idx3-ubyte.gz (/usr/share/datasets/fashion-mnist, of Debian's package dataset-fashion-mnist). Spark comes from the
# package registry of Python (pyspark, 400 MB a version). Needs Linux, Python with venv, and Java 17 or 21. Leaves what it made in
# integration-tests/target/spark.
set -euo pipefail
root="$(cd "$(dirname "$0")/../.." && pwd)"
cd "$root"

data=/usr/share/datasets/fashion-mnist
model=fashion-mnist-int8-tau5
times=10
versions=()
while [ $# -gt 0 ]; do
  case "$1" in
    --data) data="$2"; shift 2 ;;
    --spark) versions+=("$2"); shift 2 ;;
    --times) times="$2"; shift 2 ;;
    --model) model="$2"; shift 2 ;;
    *) sed -n '2,/^set -/{/^#/s/^# \{0,1\}//p}' "$0"; exit 2 ;;
  esac
done
[ ${#versions[@]} -gt 0 ] || versions=(3.5.9 4.3.0)
images="$data/t10k-images-idx3-ubyte.gz"
[ -f "$images" ] || { echo "There is no $images; name the folder by --data." >&2; exit 1; }

work="$root/integration-tests/target/spark"
mkdir -p "$work"
here="$root/integration-tests/spark"

jar="$(find plugin/spark/target -maxdepth 1 -name 'subbit-spark-*.jar' ! -name '*-sources.jar' ! -name '*-javadoc.jar' 2>/dev/null | head -n 1)"
[ -n "$jar" ] || {
  echo "The jar of subbit-spark is not built: ./mvnw -pl plugin/spark -am -DskipTests -Dnative.skipCross package" >&2
  exit 1
}
jar="$root/$jar"
# A protobuf as Spark 3.5 had it, first on the class path: the jar's own must not meet it.
old_protobuf="$work/protobuf-java-3.19.6.jar"
[ -f "$old_protobuf" ] || ./mvnw --batch-mode -q org.apache.maven.plugins:maven-dependency-plugin:copy -N \
  -Dartifact=com.google.protobuf:protobuf-java:3.19.6 "-DoutputDirectory=$work"

rm -rf "$work/pictures" "$work/expected.json"
python3 "$here/pictures.py" "$images" "$work/pictures"
rm -f "$work/model.onnx"
./subbit export "$model" "$work/model.onnx"
./subbit predict "$work/model.onnx" "$work/pictures" --top 10 --json "$work/expected.json" >/dev/null

sweep=(./subbit bench accuracy "$here/sweep.xml" --trainers tau3,tau5,binary,float --seeds 1,2,3 --quiet)
"${sweep[@]}" >"$work/sweep.log"
# The table at the end of a sweep: a header, a rule, and a row for each of the four trainers.
table() { sed -n '/^trainer /,$p' "$1"; }
[ "$(table "$work/sweep.log" | wc -l)" = 6 ] || { echo "The sweep prints no table: $work/sweep.log" >&2; exit 1; }

for version in "${versions[@]}"; do
  echo "== Spark $version"
  environment="$work/pyspark-$version"
  if [ ! -x "$environment/bin/spark-submit" ]; then
    python3 -m venv "$environment"
    "$environment/bin/pip" install --quiet "pyspark==$version" numpy # which pyspark.ml imports
  fi
  answers="$work/$version"
  rm -rf "$answers"
  mkdir -p "$answers/events"
  cp "$work/expected.json" "$answers"
  SPARK_HOME="$("$environment/bin/python" -c 'import os, pyspark; print(os.path.dirname(pyspark.__file__))')"
  export SPARK_HOME PYSPARK_PYTHON="$environment/bin/python" SPARK_LOCAL_IP=127.0.0.1
  cluster='local-cluster[2,1,2048]'
  settings=(--conf spark.ui.enabled=false
    --conf "spark.driver.extraClassPath=$old_protobuf" --conf "spark.executor.extraClassPath=$old_protobuf")
  python=("$SPARK_HOME/bin/spark-submit" "${settings[@]}" --jars "$jar" --py-files "$jar")

  ./subbit predict "$work/model.onnx" "$work/pictures" --spark "$cluster" --output "$answers/cli" \
    --spark-conf spark.ui.enabled=false --spark-conf "spark.driver.extraClassPath=$old_protobuf" \
    --spark-conf "spark.executor.extraClassPath=$old_protobuf" 2>"$answers/cli.log" || { tail -n 40 "$answers/cli.log"; exit 1; }
  "${python[@]}" --master "$cluster" "$here/predict.py" "$work/model.onnx" "$work/pictures" "$answers/python" \
    2>"$answers/python.log" || { tail -n 40 "$answers/python.log"; exit 1; }
  "${python[@]}" --master "$cluster" "$here/check.py" "$work/model.onnx" "$work/pictures" "$answers" \
    2>"$answers/check.log" || { tail -n 40 "$answers/check.log"; exit 1; }

  # The trainings need memory of their own beside the executors'.
  "${sweep[@]}" --spark "$cluster" --spark-conf spark.ui.enabled=false >"$answers/sweep.log" 2>"$answers/sweep.err" ||
    { tail -n 40 "$answers/sweep.err"; exit 1; }
  diff <(table "$work/sweep.log") <(table "$answers/sweep.log") ||
    { echo "FAILED: the sweep on Spark gives another table" >&2; exit 1; }
  echo "ok: a sweep of 4 trainers x 3 seeds on two workers gives the same table as without Spark:"
  table "$answers/sweep.log"

  [ "$times" -gt 0 ] || continue
  for _ in 1 2 3; do
    plain="$(java -Xmx1g -cp "$jar" "$here/Plain.java" "$work/model.onnx" "$work/pictures" "$times")"
    spark="$("${python[@]}" --master 'local-cluster[1,1,2048]' --conf spark.eventLog.enabled=true \
      --conf "spark.eventLog.dir=file:$answers/events" --conf spark.eventLog.compress=false --conf spark.eventLog.rolling.enabled=false \
      "$here/throughput.py" "$work/model.onnx" "$work/pictures" "$answers" "$times" 2>"$answers/throughput.log")" ||
      { tail -n 40 "$answers/throughput.log"; exit 1; }
    echo "$plain $spark" | awk '{ printf "images/s a core: plain %.0f, Spark %.0f (ratio %.2f); a second of processor time: %.0f, %.0f (ratio %.2f)\n",
      $1 / $2, $4 / $5, ($4 / $5) / ($1 / $2), $1 / $3, $4 / $6, ($4 / $6) / ($1 / $3) }'
  done
done
