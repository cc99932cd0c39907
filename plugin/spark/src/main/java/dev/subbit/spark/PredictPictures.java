package dev.subbit.spark;

import static org.apache.spark.sql.functions.array_max;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.struct;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * A program for {@code spark-submit}: classifies pictures and writes the answers as Parquet. Its
 * arguments are the model, the folder to write, and files and folders of pictures; settings are
 * {@code spark.subbit.backend}, {@code spark.subbit.invert} and {@code spark.subbit.column}. With
 * the last one, the places are Parquet tables, and the column of that name has the pictures' bytes.
 */
public final class PredictPictures {

  private static final int ARGUMENTS = 3;

  /** The column of paths or bytes that the classifier reads. */
  private static final String PICTURE = "picture";

  /** What a table has beside the pictures. */
  private static final String ROW = "row";

  /**
   * Enough to keep a core busy for seconds, and few enough to do again when an executor is lost.
   */
  private static final int PICTURES_OF_A_TASK = 1_000;

  /** Files that are taken of a folder, as {@code ./subbit predict} does. */
  private static final Pattern ENDINGS =
      Pattern.compile("[^.].*\\.(png|jpg|jpeg)", Pattern.CASE_INSENSITIVE);

  private PredictPictures() {}

  /**
   * Runs the program.
   *
   * @param arguments model, folder to write, and one or more files or folders of pictures.
   * @throws IOException if a place of pictures cannot be looked at.
   */
  public static void main(String[] arguments) throws IOException {
    if (arguments.length < ARGUMENTS) {
      fail("The arguments are: MODEL OUTPUT PICTURE..., where PICTURE is a file or a folder");
    }
    try (SparkSession spark = SparkSession.builder().appName("subbit predict").getOrCreate()) {
      predict(spark, arguments[0], arguments[1], List.of(arguments).subList(2, arguments.length));
    } catch (FileNotFoundException | IllegalArgumentException e) {
      fail(e.getMessage());
    }
  }

  /** Ends with a message in place of a stack trace. */
  private static void fail(String message) {
    System.err.println("subbit: " + message);
    System.exit(1);
  }

  /**
   * Classifies pictures.
   *
   * @param spark the session.
   * @param model file of the model.
   * @param output the folder to write.
   * @param places files and folders of pictures.
   * @throws IOException if a place cannot be looked at.
   */
  static void predict(SparkSession spark, String model, String output, List<String> places)
      throws IOException {
    Path target = new Path(output);
    if (target.getFileSystem(spark.sparkContext().hadoopConfiguration()).exists(target)) {
      throw new IllegalArgumentException(
          output + " exists; name a new folder for the answers, or remove it");
    }
    PictureClassifier classifier =
        new PictureClassifier()
            .setModelFile(model)
            .setInputCol(PICTURE)
            .setBackend(spark.conf().get("spark.subbit.backend", ""))
            .setInvert(spark.conf().get("spark.subbit.invert", ""));
    String column = spark.conf().get("spark.subbit.column", "");
    Dataset<Row> pictures =
        column.isEmpty() ? pictures(spark, places) : stored(spark, places, column);
    String name = column.isEmpty() ? PICTURE : ROW;
    answers(classifier.transform(pictures), name).write().parquet(output);
    Dataset<Row> written = spark.read().parquet(output);
    System.out.printf(
        "%,d pictures, of which %,d could not be classified (column reason); answers in %s%n",
        written.count(), written.filter(col("reason").isNotNull()).count(), output);
    System.out.println("Labels: " + String.join(", ", classifier.labels()));
  }

  /**
   * The paths of pictures. Spark's own source of files, {@code binaryFile}, leaves empty ones out
   * without a word.
   */
  private static Dataset<Row> pictures(SparkSession spark, List<String> places) throws IOException {
    JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
    List<String> paths = new ArrayList<>();
    for (String place : places) {
      Path path = new Path(place);
      FileSystem system = path.getFileSystem(context.hadoopConfiguration());
      FileStatus status = system.getFileStatus(path);
      if (status.isDirectory()) {
        addPictures(system, status.getPath(), paths);
      } else {
        paths.add(status.getPath().toString());
      }
    }
    if (paths.isEmpty()) {
      throw new FileNotFoundException(
          String.join(", ", places) + ": no file there ends in .png, .jpg or .jpeg");
    }
    int tasks =
        Math.max(
            context.defaultParallelism(),
            (paths.size() + PICTURES_OF_A_TASK - 1) / PICTURES_OF_A_TASK);
    return spark
        .createDataset(context.parallelize(paths, tasks).rdd(), Encoders.STRING())
        .toDF(PICTURE);
  }

  /** The pictures in a column of tables, each with the other columns as one structure. */
  private static Dataset<Row> stored(SparkSession spark, List<String> places, String column) {
    Dataset<Row> table = spark.read().parquet(places.toArray(String[]::new));
    String outermost = column.split("\\.")[0];
    List<String> others = new ArrayList<>(List.of(table.columns()));
    if (!others.remove(outermost)) {
      throw new IllegalArgumentException(
          String.join(", ", places)
              + " has no column '"
              + column
              + "', but "
              + String.join(", ", table.columns()));
    }
    // A structure needs a field.
    Column row =
        others.isEmpty()
            ? lit(null).cast("string")
            : struct(others.stream().map(name -> col("`" + name + "`")).toArray(Column[]::new));
    return table.select(row.as(ROW), col(column).as(PICTURE));
  }

  /**
   * Adds the pictures of a folder and the folders inside it. Not by {@code FileSystem.listFiles},
   * which asks for every file's permissions: on a local disk it starts a program for each.
   */
  private static void addPictures(FileSystem system, Path folder, List<String> paths)
      throws IOException {
    for (FileStatus status : system.listStatus(folder)) {
      Path path = status.getPath();
      if (status.isDirectory()) {
        addPictures(system, path, paths);
      } else if (ENDINGS.matcher(path.getName()).matches()) {
        paths.add(path.toString());
      }
    }
  }

  /**
   * What {@code ./subbit predict} says of each picture: best label and probability.
   *
   * @param name the column that says which picture it is.
   */
  private static Dataset<Row> answers(Dataset<Row> classified, String name) {
    return classified.select(
        col(name),
        col("prediction").as("label"),
        array_max(col("probability")).as("probability"),
        col("probability").as("probabilities"),
        col("reason"));
  }
}
