package dev.subbit.spark;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.ModelProto;
import dev.subbit.tribuo.OnnxClassifier;
import dev.subbit.tribuo.SubBitModel;
import dev.subbit.tribuo.TinyModels;
import dev.subbit.tribuo.data.ParquetSource;
import dev.subbit.tribuo.data.PicturePreparation;
import dev.subbit.tribuo.data.Pictures;
import dev.subbit.tribuo.export.ModelMetadata;
import dev.subbit.tribuo.network.ImageShape;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.spark.ml.Pipeline;
import org.apache.spark.ml.PipelineModel;
import org.apache.spark.ml.PipelineStage;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.api.io.TempDir;
import org.tribuo.Example;
import org.tribuo.Prediction;
import org.tribuo.classification.Label;

/** Spark in this process, with two tasks at once. Spark 3.5 runs on Java 17 and 21. */
@EnabledForJreRange(max = JRE.JAVA_21)
class PictureClassifierTest {

  private static final int PICTURES = 150;
  private static final String BROKEN = "picture_007.png";

  @TempDir static Path folder;

  private static SparkSession spark;
  private static Path model;
  private static OnnxClassifier reference;

  @BeforeAll
  static void drawPictures() throws IOException {
    Random random = new Random(3);
    for (int i = 0; i < PICTURES; i++) {
      BufferedImage image = new BufferedImage(7, 8, BufferedImage.TYPE_BYTE_GRAY);
      for (int y = 0; y < 8; y++) {
        for (int x = 0; x < 7; x++) {
          image.getRaster().setSample(x, y, 0, random.nextInt(256));
        }
      }
      Pictures.write(pictures().resolve(String.format("picture_%03d.png", i)), image);
    }
    byte[] whole = Files.readAllBytes(pictures().resolve(BROKEN));
    Files.write(pictures().resolve(BROKEN), Arrays.copyOf(whole, whole.length / 2));
    model = folder.resolve("model.onnx");
    try (SubBitModel trained = TinyModels.network()) {
      trained.saveONNXModel("test", 1, model);
    }
    reference = OnnxClassifier.read(model);
    spark =
        SparkSession.builder()
            .master("local[2]")
            .config("spark.ui.enabled", false)
            .config("spark.sql.codegen.wholeStage", false)
            .config("spark.sql.shuffle.partitions", 2)
            .config("spark.sql.warehouse.dir", folder.resolve("warehouse").toString())
            .config("spark.driver.bindAddress", "127.0.0.1")
            .config("spark.driver.host", "127.0.0.1")
            .getOrCreate();
  }

  @AfterAll
  static void stop() {
    spark.stop();
    reference.close();
  }

  private static Path pictures() {
    return folder.resolve("pictures");
  }

  private static PictureClassifier classifier() {
    return new PictureClassifier().setModelFile(model.toString());
  }

  private static Dataset<Row> contents() {
    return spark.read().format("binaryFile").load(pictures().toString());
  }

  /** Sorted here, where it costs less than a job of Spark. */
  private static List<Row> sorted(Dataset<Row> rows, String column) {
    List<Row> all = new ArrayList<>(rows.collectAsList());
    all.sort(Comparator.comparing(row -> row.<String>getAs(column)));
    return all;
  }

  private static List<Row> sorted(Dataset<Row> rows) {
    return sorted(rows, "path");
  }

  @Test
  void rowsAreWhatTheClassifierSaysOutsideOfSpark() throws IOException {
    List<Row> rows = sorted(classifier().setRawPredictionCol("raw").transform(contents()));
    assertEquals(PICTURES, rows.size());
    for (Row row : rows) {
      Path file = Path.of(URI.create(row.<String>getAs("path")));
      if (!file.endsWith(BROKEN)) {
        assertAnswered(row, file);
        assertNotNull(row.getAs("raw"));
      }
    }
  }

  private static double[] doubles(Row row, String column) {
    List<Float> values = row.getList(row.fieldIndex(column));
    return values.stream().mapToDouble(Float::doubleValue).toArray();
  }

  private static void assertAnswered(Row row, Path file) throws IOException {
    Prediction<Label> expected = reference.classify(file);
    assertEquals(expected.getOutput().getLabel(), row.getAs("prediction"));
    assertArrayEquals(
        reference.labels().stream()
            .mapToDouble(label -> expected.getOutputScores().get(label).getScore())
            .toArray(),
        doubles(row, "probability"));
    assertNull(row.getAs("reason"));
  }

  @Test
  void aBrokenPictureIsARowOfNullsWithAReason() {
    Row row =
        sorted(classifier().transform(contents())).stream()
            .filter(one -> one.<String>getAs("path").endsWith(BROKEN))
            .findFirst()
            .orElseThrow();
    assertNull(row.getAs("prediction"));
    assertNull(row.getAs("probability"));
    assertEquals(
        "The picture cannot be decoded: it is truncated; replace or remove the file",
        row.getAs("reason"));
  }

  @Test
  void pathsAreReadByTheTasks() throws IOException {
    Path present = pictures().resolve("picture_000.png");
    List<String> paths = new ArrayList<>(Arrays.asList(present.toString(), null, ""));
    paths.add(present.toUri().toString());
    paths.add(folder.resolve("missing.png").toString());
    paths.add(Files.createFile(folder.resolve("empty.png")).toString());
    List<Row> rows =
        classifier()
            .setInputCol("value")
            .transform(spark.createDataset(paths, Encoders.STRING()).toDF())
            .collectAsList();
    assertAnswered(rows.get(0), present);
    assertAnswered(rows.get(3), present);
    assertEquals("The row has no picture", rows.get(1).getAs("reason"));
    assertTrue(rows.get(2).<String>getAs("reason").startsWith("'' is not a path"));
    assertTrue(rows.get(4).<String>getAs("reason").contains("missing.png"));
    assertTrue(rows.get(5).<String>getAs("reason").contains("empty.png cannot be decoded"));
  }

  @Test
  void aSavedPipelineSaysTheSame() throws IOException {
    String place = folder.resolve("pipeline").toString();
    Pipeline pipeline =
        new Pipeline()
            .setStages(new PipelineStage[] {classifier().setPredictionCol("label").setThreads(2)});
    PipelineModel fitted = pipeline.fit(contents());
    fitted.write().overwrite().save(place);
    PipelineModel loaded = PipelineModel.load(place);
    assertEquals(fitted.stages()[0].uid(), loaded.stages()[0].uid());
    assertEquals(sorted(fitted.transform(contents())), sorted(loaded.transform(contents())));
  }

  @Test
  void aClassifierIsSavedOverAnother() throws IOException {
    String place = folder.resolve("saved").toString();
    classifier().save(place);
    classifier().setReasonCol("why").write().overwrite().save(place);
    PictureClassifier loaded = PictureClassifier.load(place);
    assertEquals(reference.labels(), loaded.labels());
    assertTrue(List.of(loaded.transform(contents()).columns()).contains("why"));
  }

  @Test
  void aModelOfSubbitSaysTheSameAsItsExport() throws IOException {
    Path stored = folder.resolve("model.sbm");
    try (SubBitModel trained = TinyModels.network()) {
      trained.serializeToFile(stored);
    }
    assertEquals(
        sorted(classifier().transform(contents())),
        sorted(new PictureClassifier().setModelFile(stored.toString()).transform(contents())));
  }

  /** What a network that is no classifier gives, such as the features of a picture. */
  @Test
  void theOutputAsItIsNeedsNoLabels() throws IOException {
    Path bare = folder.resolve("bare.onnx");
    ModelProto.Builder onnx = ModelProto.parseFrom(Files.readAllBytes(model)).toBuilder();
    onnx.clearMetadataProps();
    Files.write(bare, onnx.build().toByteArray());
    Map<String, String> image =
        Map.of(ModelMetadata.CHANNELS, "1", ModelMetadata.HEIGHT, "6", ModelMetadata.WIDTH, "5");
    List<Row> rows =
        sorted(
            new PictureClassifier()
                .setModelFile(bare.toString(), image)
                .setPredictionCol("")
                .setProbabilityCol("")
                .setRawPredictionCol("features")
                .transform(contents()));
    double[] expected = doubles(sorted(classifier().transform(contents())).get(0), "probability");
    assertArrayEquals(expected, doubles(rows.get(0), "features"));
    assertFalse(List.of(rows.get(0).schema().fieldNames()).contains("prediction"));
  }

  @Test
  void allTasksShareOneSession() {
    BroadcastModel sent = new BroadcastModel(classifier().model(), "", 1, null);
    assertTrue(sent.classifier() == sent.classifier());
  }

  @Test
  void mistakesAreNamedOnTheDriver() {
    assertMessage("no model", new PictureClassifier(), contents());
    assertMessage("no column 'picture'", classifier().setInputCol("picture"), contents());
    assertMessage("bigint", classifier().setInputCol("length"), contents());
    assertMessage("already a column 'path'", classifier().setPredictionCol("path"), contents());
    assertMessage("'gpu'", classifier().setBackend("gpu"), contents());
    assertMessage("never, always or auto", classifier().setInvert("perhaps"), contents());
    assertMessage(
        "not an ONNX model", new PictureClassifier().setModel(new byte[] {9, 9}), contents());
  }

  @Test
  void theProgramWritesAnswersOfFilesAndFolders() throws IOException {
    Path answers = folder.resolve("answers");
    Path more = Files.createDirectories(folder.resolve("more/inner"));
    Path named = Files.copy(pictures().resolve("picture_001.png"), more.resolve("any.name"));
    Files.copy(pictures().resolve("picture_002.png"), more.resolve("2.PNG"));
    Files.createFile(more.resolve("empty.jpg"));
    Files.createFile(more.resolve("notes.txt"));
    List<String> places = List.of(more.getParent().toString(), named.toString());
    PredictPictures.predict(spark, model.toString(), answers.toString(), places);
    List<Row> rows = sorted(spark.read().parquet(answers.toString()), "picture");
    assertEquals(3, rows.size());
    Prediction<Label> expected = reference.classify(pictures().resolve("picture_002.png"));
    assertEquals(expected.getOutput().getLabel(), rows.get(0).getAs("label"));
    assertEquals((float) expected.getOutput().getScore(), rows.get(0).<Float>getAs("probability"));
    assertTrue(rows.get(1).<String>getAs("picture").endsWith("any.name"));
    assertNull(rows.get(2).getAs("label"));
    assertTrue(rows.get(2).<String>getAs("reason").contains("it is empty"));
    String again =
        assertThrows(
                IllegalArgumentException.class,
                () -> PredictPictures.predict(spark, model.toString(), answers.toString(), places))
            .getMessage();
    assertTrue(again.contains("exists"), again);
  }

  @Test
  void theProgramAnswersTablesWithTheirOtherColumns() throws IOException {
    Path table = folder.resolve("table.parquet");
    contents()
        .selectExpr("named_struct('bytes', content) as image", "path", "length as label")
        .write()
        .parquet(table.toString());
    Path answers = folder.resolve("answers-of-table");
    List<String> places = List.of(table.toString());
    spark.conf().set("spark.subbit.column", "image.bytes");
    try {
      PredictPictures.predict(spark, model.toString(), answers.toString(), places);
      spark.conf().set("spark.subbit.column", "content");
      String missing =
          assertThrows(
                  IllegalArgumentException.class,
                  () -> PredictPictures.predict(spark, model.toString(), answers + "2", places))
              .getMessage();
      assertTrue(missing.contains("no column 'content', but image, path, label"), missing);
    } finally {
      spark.conf().unset("spark.subbit.column");
    }
    List<Row> rows =
        sorted(spark.read().parquet(answers.toString()).select("row.path", "label", "reason"));
    assertEquals(PICTURES, rows.size());
    for (int i = 0; i < 20; i++) {
      Path picture = pictures().resolve(String.format("picture_%03d.png", i));
      assertTrue(rows.get(i).<String>getAs("path").endsWith(picture.getFileName().toString()));
      if (picture.endsWith(BROKEN)) {
        assertNotNull(rows.get(i).getAs("reason"));
      } else {
        assertEquals(
            reference.classify(picture).getOutput().getLabel(), rows.get(i).getAs("label"));
      }
    }
  }

  /** As tables that Spark writes are what trainings are given, with its own libraries for them. */
  @Test
  void aTrainingReadsTheTablesThatSparkWrites() throws IOException {
    Path table = folder.resolve("training.parquet");
    contents()
        .selectExpr("named_struct('bytes', content) as image", "path as label")
        .write()
        .parquet(table.toString());
    ImageShape shape = new ImageShape(1, 8, 7);
    ParquetSource source = new ParquetSource(table, "image.bytes", "label", shape, 0, null, null);
    assertEquals(PICTURES, source.size());
    PicturePreparation preparation = PicturePreparation.of(shape);
    for (Example<Label> example : source) {
      Path picture = Path.of(URI.create(example.getOutput().getLabel()));
      if (!picture.endsWith(BROKEN)) {
        try (InputStream file = Files.newInputStream(picture)) {
          assertEquals(
              values(preparation.example(file, picture.toString())), values(example), "pixels");
        }
      }
    }
  }

  private static List<Double> values(Example<?> example) {
    List<Double> values = new ArrayList<>();
    example.forEach(feature -> values.add(feature.getValue()));
    return values;
  }

  private static void assertMessage(
      String expected, PictureClassifier classifier, Dataset<Row> rows) {
    RuntimeException thrown =
        assertThrows(RuntimeException.class, () -> classifier.transform(rows));
    assertTrue(thrown.getMessage().contains(expected), thrown.getMessage());
  }
}
