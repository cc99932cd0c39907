package dev.subbit.spark;

import dev.subbit.tribuo.OnnxClassifier;
import dev.subbit.tribuo.data.ImageExample;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Queue;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.tribuo.Example;
import org.tribuo.Prediction;
import org.tribuo.classification.Label;

/**
 * The rows of a partition with what the model says about their pictures. As many as one call of the
 * model takes are read, decoded and classified together, when the first of them is asked for.
 */
final class PictureRows implements Iterator<Row> {

  /** Pictures of one call: as many as {@link OnnxClassifier} hands to the model at once. */
  private static final int BATCH = 64;

  private final Iterator<Row> rows;
  private final OnnxClassifier classifier;
  private final PictureColumn pictures;
  private final OutputColumns columns;
  private final Queue<Row> ready = new ArrayDeque<>();

  /**
   * Takes the rows of a partition.
   *
   * @param rows the rows.
   * @param classifier says what is on pictures.
   * @param pictures reads the picture of a row.
   * @param columns what is added to a row.
   */
  PictureRows(
      Iterator<Row> rows,
      OnnxClassifier classifier,
      PictureColumn pictures,
      OutputColumns columns) {
    this.rows = rows;
    this.classifier = classifier;
    this.pictures = pictures;
    this.columns = columns;
  }

  @Override
  public boolean hasNext() {
    return !ready.isEmpty() || rows.hasNext();
  }

  @Override
  public Row next() {
    if (ready.isEmpty()) {
      classifyBatch();
    }
    return ready.remove();
  }

  private void classifyBatch() {
    if (!rows.hasNext()) {
      throw new NoSuchElementException("The partition has no more rows");
    }
    List<Row> batch = new ArrayList<>();
    List<String> reasons = new ArrayList<>();
    List<Example<Label>> images = new ArrayList<>();
    while (batch.size() < BATCH && rows.hasNext()) {
      Row row = rows.next();
      batch.add(row);
      try {
        ImageExample image = pictures.read(row);
        images.add(image);
        reasons.add(null);
      } catch (BrokenPictureException e) {
        reasons.add(e.getMessage());
      }
    }
    Iterator<Example<Label>> image = images.iterator();
    Iterator<float[]> output = classifier.outputs(images).iterator();
    for (int i = 0; i < batch.size(); i++) {
      String reason = reasons.get(i);
      ready.add(
          reason == null
              ? answered(batch.get(i), image.next(), output.next())
              : extended(batch.get(i), null, null, null, reason));
    }
  }

  private Row answered(Row row, Example<Label> image, float[] output) {
    if (!columns.classifies()) {
      return extended(row, null, null, output, null);
    }
    Prediction<Label> prediction = classifier.prediction(image, output);
    List<String> labels = classifier.labels();
    float[] probabilities = new float[labels.size()];
    for (int i = 0; i < probabilities.length; i++) {
      // Tribuo's scores are these floats as doubles, so nothing is lost.
      probabilities[i] = (float) prediction.getOutputScores().get(labels.get(i)).getScore();
    }
    return extended(row, prediction.getOutput().getLabel(), probabilities, output, null);
  }

  private Row extended(
      Row row, String label, float[] probabilities, float[] output, String reason) {
    List<Object> values = new ArrayList<>(row.size() + OutputColumns.MOST);
    for (int i = 0; i < row.size(); i++) {
      values.add(row.get(i));
    }
    columns.add(values, label, probabilities, output, reason);
    return RowFactory.create(values.toArray());
  }
}
