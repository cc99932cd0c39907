"""Subbit on PySpark: a stage of Spark ML that says what is on pictures.

Spark finds this module in the jar: spark-submit --jars subbit-spark.jar --py-files subbit-spark.jar
"""

from pyspark import SparkContext
from pyspark.ml.param import Param, Params, TypeConverters
from pyspark.ml.util import JavaMLReadable, JavaMLWritable
from pyspark.ml.wrapper import JavaTransformer


def _text(name, description):
    return Param(Params._dummy(), name, description, TypeConverters.toString)


class PictureClassifier(JavaTransformer, JavaMLReadable, JavaMLWritable):
    """Says what is on pictures: rows get a label, probabilities, and a reason where there is none.

    >>> PictureClassifier("clothes.onnx", inputCol="content").transform(pictures)
    """

    inputCol = _text("inputCol", "column of pictures: the bytes of PNG or JPEG files, or their paths")
    predictionCol = _text("predictionCol", "column to add for the best label; empty for none")
    probabilityCol = _text("probabilityCol", "column to add for the probabilities of all labels; empty for none")
    rawPredictionCol = _text("rawPredictionCol", "column to add for the model's output as it is; empty for none")
    reasonCol = _text("reasonCol", "column to add that says why a picture could not be classified")
    backend = _text("backend", "where the model runs: onnxruntime, native or fpga; empty for the preferred one")
    invert = _text("invert", "whether light and dark change places: never, always or auto; empty: as the model says")
    threads = Param(Params._dummy(), "threads", "threads of one call of the model; 0 for one per core", TypeConverters.toInt)

    def __init__(self, modelFile=None, metadata=None, **params):
        """Takes a model from a file of the driver's machine, .onnx or .sbm.

        metadata are names and values that an .onnx file lacks; params are parameters by name.
        """
        super().__init__()
        self._java_obj = self._new_java_obj("dev.subbit.spark.PictureClassifier", self.uid)
        self._setDefault(
            inputCol="content",
            predictionCol="prediction",
            probabilityCol="probability",
            rawPredictionCol="",
            reasonCol="reason",
            backend="",
            invert="",
            threads=1,
        )
        self._set(**params)
        if modelFile is not None:
            self.setModelFile(modelFile, metadata)

    def setModelFile(self, file, metadata=None):
        """Takes a model from a file of the driver's machine."""
        pairs = SparkContext._active_spark_context._jvm.java.util.HashMap()
        for name, value in (metadata or {}).items():
            pairs.put(name, value)
        self._java_obj.setModelFile(str(file), pairs)
        return self

    def labels(self):
        """The labels, in the order of the probabilities."""
        return list(self._java_obj.labels())
