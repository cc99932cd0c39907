package dev.subbit.spark;

import java.util.Iterator;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Row;
import org.apache.spark.util.SerializableConfiguration;

/** What a task does: classifies the pictures of its partition. */
final class ClassifyPartition implements MapPartitionsFunction<Row, Row> {

  private static final long serialVersionUID = 1;

  private final Broadcast<BroadcastModel> model;
  private final Broadcast<SerializableConfiguration> fileSystems;
  private final int column;
  private final OutputColumns columns;

  /**
   * Describes the tasks.
   *
   * @param model the model.
   * @param fileSystems how files are reached.
   * @param column place of the column of pictures.
   * @param columns what is added to a row.
   */
  ClassifyPartition(
      Broadcast<BroadcastModel> model,
      Broadcast<SerializableConfiguration> fileSystems,
      int column,
      OutputColumns columns) {
    this.model = model;
    this.fileSystems = fileSystems;
    this.column = column;
    this.columns = columns;
  }

  @Override
  public Iterator<Row> call(Iterator<Row> rows) {
    BroadcastModel here = model.value();
    return new PictureRows(
        rows,
        here.classifier(),
        new PictureColumn(column, here.preparation(), fileSystems.value().value()),
        columns);
  }
}
