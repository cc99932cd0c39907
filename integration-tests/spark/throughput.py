"""Images per second of one core of an executor: throughput.py MODEL PICTURES WORK TIMES

Prints number of images, seconds of the tasks, and of these seconds of processor time, which Spark's event log has.
"""

import sys
import json
from pathlib import Path

from dev.subbit.spark import PictureClassifier
from pyspark.sql import SparkSession

model, pictures, work, times = sys.argv[1], sys.argv[2], Path(sys.argv[3]), int(sys.argv[4])
spark = SparkSession.builder.getOrCreate()
stored = str(work / "pictures.parquet")
files = spark.read.format("binaryFile").load(pictures).select("path", "content")
files.coalesce(1).write.mode("overwrite").parquet(stored)
classifier = PictureClassifier(model)


def classify(description, count):
    spark.sparkContext.setJobDescription(description)
    rows = spark.read.parquet(*[stored] * count)
    classifier.transform(rows).write.format("noop").mode("append").save()


classify("warm", 1)
classify("timed", times)
images = times * files.count()
application = spark.sparkContext.applicationId
log = spark.conf.get("spark.eventLog.dir").removeprefix("file:")
spark.stop()

stages, seconds, processor = set(), 0, 0
for line in (Path(log) / application).open():
    event = json.loads(line)
    if event["Event"] == "SparkListenerJobStart" and event["Properties"].get("spark.job.description") == "timed":
        stages.update(event["Stage IDs"])
    if event["Event"] == "SparkListenerTaskEnd" and event["Stage ID"] in stages:
        seconds += event["Task Metrics"]["Executor Run Time"] / 1e3
        processor += event["Task Metrics"]["Executor CPU Time"] / 1e9
print(f"{images} {seconds:.3f} {processor:.3f}")
