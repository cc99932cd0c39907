package dev.subbit.spark;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import org.apache.hadoop.fs.Path;
import org.apache.spark.ml.util.DefaultParamsReader;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.sql.SparkSession;

/** Loads what {@link ClassifierWriter} saved. */
final class ClassifierReader extends MLReader<PictureClassifier> {

  @Override
  public PictureClassifier load(String path) {
    PictureClassifier classifier = new DefaultParamsReader<PictureClassifier>().load(path);
    Path file = new Path(path, ClassifierWriter.MODEL);
    try (InputStream stream =
        file.getFileSystem(SparkSession.active().sparkContext().hadoopConfiguration()).open(file)) {
      return classifier.setModel(stream.readAllBytes());
    } catch (IOException e) {
      throw new UncheckedIOException(
          "The classifier's model cannot be read from " + file + ": " + e.getMessage(), e);
    }
  }
}
