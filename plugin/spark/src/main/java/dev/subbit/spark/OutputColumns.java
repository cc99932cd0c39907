package dev.subbit.spark;

import java.io.Serializable;
import java.util.List;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * The columns that a classifier adds to a row; those with an empty name are left out.
 *
 * @param label name of the column of the best label.
 * @param probabilities name of the column of the probabilities of all labels.
 * @param output name of the column of the model's output as it is.
 * @param reason name of the column that says why a picture could not be classified.
 */
record OutputColumns(String label, String probabilities, String output, String reason)
    implements Serializable {

  /**
   * Not a vector of Spark ML, since Spark's functions of vectors fail the job where one is null.
   */
  private static final DataType FLOATS = DataTypes.createArrayType(DataTypes.FloatType, false);

  /** The most columns that are added. */
  static final int MOST = 4;

  /** Whether the output is read as probabilities of labels. */
  boolean classifies() {
    return !label.isEmpty() || !probabilities.isEmpty();
  }

  /**
   * Adds the columns to a schema.
   *
   * @param schema the schema of the rows.
   * @return the schema with the columns.
   * @throws IllegalArgumentException if it has a column of one of these names.
   */
  StructType added(StructType schema) {
    StructType added = with(schema, label, DataTypes.StringType);
    added = with(added, probabilities, FLOATS);
    added = with(added, output, FLOATS);
    return with(added, reason, DataTypes.StringType);
  }

  private static StructType with(StructType schema, String name, DataType type) {
    if (name.isEmpty()) {
      return schema;
    }
    if (List.of(schema.fieldNames()).contains(name)) {
      throw new IllegalArgumentException(
          "There is already a column '" + name + "'; give the classifier's another name");
    }
    return schema.add(name, type, true);
  }

  /** Adds the values of these columns to those of a row; any may be null. */
  void add(List<Object> values, String best, float[] allProbabilities, float[] raw, String why) {
    if (!label.isEmpty()) {
      values.add(best);
    }
    if (!probabilities.isEmpty()) {
      values.add(allProbabilities);
    }
    if (!output.isEmpty()) {
      values.add(raw);
    }
    if (!reason.isEmpty()) {
      values.add(why);
    }
  }
}
