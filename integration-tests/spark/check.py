"""Compares what Spark says of pictures with what ./subbit predict says: check.py MODEL PICTURES WORK

WORK holds expected.json of ./subbit predict, and the answers of ./subbit predict --spark and of predict.py. Ends with 1 if
a row differs in a bit, an executor that is killed ends the job, or a broken picture does.
"""

import glob
import json
import os
import signal
import sys
import threading
import time
from pathlib import Path

from dev.subbit.spark import PictureClassifier
from pyspark.ml import Pipeline, PipelineModel
from pyspark.sql import SparkSession

model, pictures, work = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
spark = SparkSession.builder.getOrCreate()
classifier = PictureClassifier(model)
labels = classifier.labels()

# Label and all probabilities by file name.
expected = {}
for answer in json.loads((work / "expected.json").read_text())["pictures"]:
    scores = {score["label"]: score["probability"] for score in answer["labels"]}
    best = answer["labels"][0]["label"]
    expected[Path(answer["file"]).name] = (best, [scores[label] for label in labels])


def require(condition, text):
    if not condition:
        sys.exit(f"FAILED: {text}")
    print(f"ok: {text}", flush=True)


def require_equal(rows, times, text):
    """Rows of path, label, probabilities and reason; every picture stands in as many of them."""
    seen = {}
    for path, label, probabilities, reason in rows:
        name = Path(path).name
        if reason is not None or (label, list(probabilities)) != expected[name]:
            sys.exit(f"FAILED: {text}: {name} is {label} {probabilities} {reason}, not {expected[name]}")
        seen[name] = seen.get(name, 0) + 1
    require(seen == dict.fromkeys(expected, times), f"{text}: {len(expected):,} pictures, equal in every bit")


def answers(transformer, rows):
    return transformer.transform(rows).select("path", "prediction", "probability", "reason")


def binary_files(folder):
    return spark.read.format("binaryFile").load(str(folder))


def executors():
    """The processes of this application's executors, on this machine."""
    found = []
    for line in glob.glob("/proc/[0-9]*/cmdline"):
        try:
            words = Path(line).read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue
        if any(word.endswith("CoarseGrainedExecutorBackend") for word in words):
            if spark.sparkContext.applicationId in words:
                found.append(int(line.split("/")[2]))
    return found


require_equal(spark.read.parquet(f"{work}/cli").select("picture", "label", "probabilities", "reason").toLocalIterator(), 1,
              "./subbit predict --spark")
require_equal(spark.read.parquet(f"{work}/python").toLocalIterator(), 1, "predict.py")

paths = spark.createDataFrame([(str(file),) for file in sorted(pictures.iterdir())], ["path"]).repartition(4)
require_equal(answers(PictureClassifier(model, inputCol="path"), paths).toLocalIterator(), 1, "a column of paths")

Pipeline(stages=[classifier]).fit(paths).write().overwrite().save(f"{work}/pipeline")
loaded = PipelineModel.load(f"{work}/pipeline")
require_equal(answers(loaded, binary_files(pictures)).toLocalIterator(), 1, "a saved pipeline")

# One in a hundred is cut short.
broken = work / "broken"
broken.mkdir()
for i, file in enumerate(sorted(pictures.iterdir())):
    content = file.read_bytes()
    (broken / file.name).write_bytes(content[: len(content) // 2] if i % 100 == 0 else content)
rows = answers(classifier, binary_files(broken)).collect()
bad = [row for row in rows if row["reason"] is not None]
require(
    len(rows) == len(expected)
    and len(bad) == len(expected) // 100
    and all(row["prediction"] is None and row[2] is None and "truncated" in row["reason"] for row in bad)
    and all((row["prediction"], row[2]) == expected[Path(row["path"]).name] for row in rows if row["reason"] is None),
    f"{len(bad):,} broken pictures are rows with a reason; the others are as expected",
)

# Five times the pictures, so that there is time to kill an executor.
result = {}
job = threading.Thread(
    target=lambda: result.update(
        rows=answers(classifier, binary_files(pictures).crossJoin(spark.range(5).select())).repartition(8).collect()
    )
)
before = executors()
tracker = spark.sparkContext.statusTracker()
job.start()
deadline = time.time() + 120
while time.time() < deadline:
    stages = [tracker.getStageInfo(stage) for stage in tracker.getActiveStageIds()]
    if any(stage and stage.numCompletedTasks > 0 and stage.numActiveTasks > 0 for stage in stages):
        break
    time.sleep(0.05)
os.kill(before[0], signal.SIGKILL)
alive = job.is_alive()
job.join()
require(alive and len(before) == 2, "one of two executors was killed while the job ran")
require_equal(result.get("rows", []), 5, "after an executor was killed")
require(before[0] not in executors() and len(executors()) > 0, "other executors finished the job")
spark.stop()
