package dev.subbit.spark;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import org.apache.hadoop.fs.Path;
import org.apache.spark.ml.util.MLWriter;
import org.apache.spark.sql.SparkSession;

/** Saves a classifier: its parameters as Spark's own stages have them, and the model beside. */
final class ClassifierWriter extends MLWriter {

  /** Name of the model in the folder. */
  static final String MODEL = "model.onnx";

  private final PictureClassifier classifier;

  /**
   * Takes a classifier.
   *
   * @param classifier the classifier, with a model.
   */
  ClassifierWriter(PictureClassifier classifier) {
    this.classifier = classifier;
  }

  @Override
  public void saveImpl(String path) {
    byte[] model = classifier.model();
    Path file = new Path(path, MODEL);
    try {
      classifier.parameters().save(path);
      try (OutputStream stream =
          file.getFileSystem(SparkSession.active().sparkContext().hadoopConfiguration())
              .create(file)) {
        stream.write(model);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(
          "The classifier cannot be saved to " + path + ": " + e.getMessage(), e);
    }
  }
}
