import sys
from dev.subbit.spark import PictureClassifier
from pyspark.sql import SparkSession

model, folder, answers = sys.argv[1:]
spark = SparkSession.builder.getOrCreate()
pictures = spark.read.format("binaryFile").option("recursiveFileLookup", True).load(folder)
rows = PictureClassifier(model).transform(pictures)
rows.select("path", "prediction", "probability", "reason").write.parquet(answers)
