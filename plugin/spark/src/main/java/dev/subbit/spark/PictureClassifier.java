package dev.subbit.spark;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.subbit.onnx.ExecutionBackend;
import dev.subbit.onnx.graph.OnnxFile;
import dev.subbit.tribuo.SubBitModel;
import dev.subbit.tribuo.data.Inversion;
import dev.subbit.tribuo.export.ModelMetadata;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.ml.Transformer;
import org.apache.spark.ml.param.IntParam;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.util.DefaultParamsWritable;
import org.apache.spark.ml.util.Identifiable$;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.ml.util.MLWriter;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.SerializableConfiguration;
import org.tribuo.Model;

/**
 * Says what is on pictures, on Apache Spark: a stage of Spark ML for an ONNX model or a model of
 * Subbit. The column of pictures holds the bytes of PNG and JPEG files (as Spark's source {@code
 * binaryFile} reads them) or their paths. A row gets the best label, the probabilities of all
 * labels and, where a column is named for it, the model's output as it is. A picture that cannot be
 * read or decoded does not end the job: its row has nulls, and the column {@code reason} says why.
 *
 * <p>The model goes to every executor once, and has one session there, which the executor's tasks
 * share. A saved stage holds the model.
 *
 * <p>Like other stages, it may be set up by one thread and then used by many.
 */
public final class PictureClassifier extends Transformer implements DefaultParamsWritable {

  private static final long serialVersionUID = 1;

  private static final String SAVED_MODEL = ".sbm";

  private final String uid;
  private final Param<String> inputCol;
  private final Param<String> predictionCol;
  private final Param<String> probabilityCol;
  private final Param<String> rawPredictionCol;
  private final Param<String> reasonCol;
  private final Param<String> backend;
  private final Param<String> invert;
  private final IntParam threads;

  private byte[] model;
  private transient Sent sent;

  /** What executors have: the model, made ready by some settings, and how files are reached. */
  private record Sent(
      SparkContext context,
      List<Object> settings,
      Broadcast<BroadcastModel> model,
      Broadcast<SerializableConfiguration> fileSystems) {}

  /** Makes a classifier, to which a model is to be given. */
  public PictureClassifier() {
    this(Identifiable$.MODULE$.randomUID("pictureClassifier"));
  }

  /**
   * Makes a classifier, to which a model is to be given.
   *
   * @param uid its unique name in a pipeline.
   */
  public PictureClassifier(String uid) {
    // Parameters take the name of their stage, so it comes first.
    this.uid = uid;
    inputCol =
        text("inputCol", "column of pictures: the bytes of PNG or JPEG files, or their paths");
    predictionCol = text("predictionCol", "column to add for the best label; empty for none");
    probabilityCol =
        text(
            "probabilityCol",
            "column to add for the probabilities of all labels, an array of floats; empty for none");
    rawPredictionCol =
        text(
            "rawPredictionCol",
            "column to add for the model's output as it is, an array of floats; empty for none");
    reasonCol = text("reasonCol", "column to add that says why a picture could not be classified");
    backend =
        text(
            "backend",
            "where the model runs: onnxruntime, native or fpga; empty for Subbit's kernels where"
                + " they run, else onnxruntime");
    invert =
        text(
            "invert",
            "whether light and dark change places: never, always or auto; empty for what the model"
                + " says");
    threads =
        new IntParam(
            this, "threads", "threads of one call of the model; 0 for one per core of the machine");
    setDefault(inputCol, "content");
    setDefault(predictionCol, "prediction");
    setDefault(probabilityCol, "probability");
    setDefault(rawPredictionCol, "");
    setDefault(reasonCol, "reason");
    setDefault(backend, "");
    setDefault(invert, "");
    setDefault(threads, 1);
  }

  private Param<String> text(String name, String description) {
    return new Param<>(this, name, description);
  }

  @Override
  public String uid() {
    return uid;
  }

  /**
   * The column of pictures.
   *
   * @return the parameter; {@code content} unless set.
   */
  public Param<String> inputCol() {
    return inputCol;
  }

  /**
   * The column for the best label.
   *
   * @return the parameter; {@code prediction} unless set.
   */
  public Param<String> predictionCol() {
    return predictionCol;
  }

  /**
   * The column for the probabilities of all labels, in the order of {@link #labels}.
   *
   * @return the parameter; {@code probability} unless set.
   */
  public Param<String> probabilityCol() {
    return probabilityCol;
  }

  /**
   * The column for the model's output as it is.
   *
   * @return the parameter; empty, for none, unless set.
   */
  public Param<String> rawPredictionCol() {
    return rawPredictionCol;
  }

  /**
   * The column that says why a picture could not be classified.
   *
   * @return the parameter; {@code reason} unless set.
   */
  public Param<String> reasonCol() {
    return reasonCol;
  }

  /**
   * The back end that the model runs on.
   *
   * @return the parameter; empty, for the preferred one of an executor's machine, unless set.
   */
  public Param<String> backend() {
    return backend;
  }

  /**
   * Whether light and dark change places.
   *
   * @return the parameter; empty, for what the model says, unless set.
   */
  public Param<String> invert() {
    return invert;
  }

  /**
   * Threads of one call of the model.
   *
   * @return the parameter; 1 unless set, since an executor has a task for each of its cores.
   */
  public IntParam threads() {
    return threads;
  }

  /**
   * Names the column of pictures.
   *
   * @param name a column of type binary or string.
   * @return this classifier.
   */
  public PictureClassifier setInputCol(String name) {
    set(inputCol, name);
    return this;
  }

  /**
   * Names the column for the best label.
   *
   * @param name its name; empty for none.
   * @return this classifier.
   */
  public PictureClassifier setPredictionCol(String name) {
    set(predictionCol, name);
    return this;
  }

  /**
   * Names the column for the probabilities of all labels.
   *
   * @param name its name; empty for none.
   * @return this classifier.
   */
  public PictureClassifier setProbabilityCol(String name) {
    set(probabilityCol, name);
    return this;
  }

  /**
   * Names the column for the model's output as it is.
   *
   * @param name its name; empty for none.
   * @return this classifier.
   */
  public PictureClassifier setRawPredictionCol(String name) {
    set(rawPredictionCol, name);
    return this;
  }

  /**
   * Names the column that says why a picture could not be classified.
   *
   * @param name its name; empty for none.
   * @return this classifier.
   */
  public PictureClassifier setReasonCol(String name) {
    set(reasonCol, name);
    return this;
  }

  /**
   * Chooses the back end.
   *
   * @param name as {@link ExecutionBackend} lists them; empty for the preferred one.
   * @return this classifier.
   */
  public PictureClassifier setBackend(String name) {
    set(backend, name);
    return this;
  }

  /**
   * Chooses whether light and dark change places.
   *
   * @param choice {@code never}, {@code always} or {@code auto}; empty for what the model says.
   * @return this classifier.
   */
  public PictureClassifier setInvert(String choice) {
    set(invert, choice);
    return this;
  }

  /**
   * Sets the threads of one call of the model.
   *
   * @param count the threads; 0 for one per core of the machine.
   * @return this classifier.
   */
  public PictureClassifier setThreads(int count) {
    set(threads, (Object) count);
    return this;
  }

  /**
   * Takes a model from a file on the driver's machine.
   *
   * @param file an ONNX file, with the data that it keeps beside itself, or a saved model of Subbit
   *     (.sbm).
   * @return this classifier.
   * @throws UncheckedIOException if the file cannot be read or holds no model.
   */
  public PictureClassifier setModelFile(String file) {
    return setModelFile(file, Map.of());
  }

  /**
   * Takes a model from a file on the driver's machine, and adds to what it says about itself.
   *
   * @param file an ONNX file, with the data that it keeps beside itself, or a saved model of Subbit
   *     (.sbm).
   * @param metadata names and values as {@link ModelMetadata} lists them, for a model that lacks
   *     them.
   * @return this classifier.
   * @throws UncheckedIOException if the file cannot be read or holds no model.
   */
  public PictureClassifier setModelFile(String file, Map<String, String> metadata) {
    try {
      if (file.toLowerCase(Locale.ROOT).endsWith(SAVED_MODEL)) {
        try (SubBitModel saved = (SubBitModel) Model.deserializeFromFile(new File(file).toPath())) {
          return setModel(saved);
        }
      }
      ModelProto.Builder read = OnnxFile.read(Path.of(file)).toBuilder();
      metadata.forEach(
          (name, value) ->
              read.addMetadataProps(
                  StringStringEntryProto.newBuilder().setKey(name).setValue(value)));
      return setModel(read.build().toByteArray());
    } catch (IOException e) {
      throw new UncheckedIOException(e.getMessage(), e);
    }
  }

  /**
   * Takes a model of Subbit.
   *
   * @param trained the model, which stays the caller's.
   * @return this classifier.
   */
  public PictureClassifier setModel(SubBitModel trained) {
    return setModel(trained.exportONNXModel("dev.subbit.spark", 1).toByteArray());
  }

  /**
   * Takes an ONNX model.
   *
   * @param onnx the bytes of an ONNX file, self-contained.
   * @return this classifier.
   */
  public PictureClassifier setModel(byte[] onnx) {
    model = onnx.clone();
    return this;
  }

  /**
   * The model.
   *
   * @return the bytes of an ONNX file.
   * @throws IllegalStateException if there is none yet.
   */
  byte[] model() {
    if (model == null) {
      throw new IllegalStateException(
          "The classifier of pictures " + uid + " has no model; give it one by setModelFile");
    }
    return model;
  }

  /**
   * The labels.
   *
   * @return what the model says, in the order of the probabilities.
   * @throws IllegalStateException if there is no model yet.
   * @throws IllegalArgumentException if the model does not say it.
   */
  public List<String> labels() {
    return ModelMetadata.of(parsed()).labels();
  }

  private ModelProto parsed() {
    try {
      return ModelProto.parseFrom(model());
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalArgumentException(
          "The model of " + uid + " is not an ONNX model, or is damaged: " + e.getMessage(), e);
    }
  }

  private OutputColumns columns() {
    return new OutputColumns(
        getOrDefault(predictionCol),
        getOrDefault(probabilityCol),
        getOrDefault(rawPredictionCol),
        getOrDefault(reasonCol));
  }

  @Override
  public StructType transformSchema(StructType schema) {
    String input = getOrDefault(inputCol);
    if (!List.of(schema.fieldNames()).contains(input)) {
      throw new IllegalArgumentException(
          "There is no column '"
              + input
              + "' of pictures; there are "
              + String.join(", ", schema.fieldNames())
              + ". Name one by setInputCol");
    }
    DataType type = schema.apply(input).dataType();
    if (!type.equals(DataTypes.BinaryType) && !type.equals(DataTypes.StringType)) {
      throw new IllegalArgumentException(
          "The column '"
              + input
              + "' of pictures is "
              + type.simpleString()
              + "; it must hold the bytes of files (binary) or their paths (string)");
    }
    return columns().added(schema);
  }

  @Override
  public Dataset<Row> transform(Dataset<?> dataset) {
    StructType schema = transformSchema(dataset.schema());
    Sent here = send(dataset.sparkSession().sparkContext());
    ClassifyPartition classify =
        new ClassifyPartition(
            here.model(),
            here.fileSystems(),
            dataset.schema().fieldIndex(getOrDefault(inputCol)),
            columns());
    return dataset.toDF().mapPartitions(classify, Encoders.row(schema));
  }

  /** Sends the model to the executors, unless they have it. */
  private synchronized Sent send(SparkContext context) {
    byte[] complete = columns().classifies() ? model() : withLabels();
    List<Object> settings =
        List.of(
            Arrays.hashCode(complete),
            getOrDefault(backend),
            getOrDefault(invert),
            getOrDefault(threads));
    if (sent == null || sent.context() != context || !sent.settings().equals(settings)) {
      BroadcastModel here =
          new BroadcastModel(
              complete, getOrDefault(backend), (int) getOrDefault(threads), inversion());
      requireUsable(here);
      JavaSparkContext java = JavaSparkContext.fromSparkContext(context);
      sent =
          new Sent(
              context,
              settings,
              java.broadcast(here),
              java.broadcast(new SerializableConfiguration(context.hadoopConfiguration())));
    }
    return sent;
  }

  /** Tells of a wrong model or setting here, rather than from every task. */
  private void requireUsable(BroadcastModel here) {
    if (!getOrDefault(backend).isEmpty()) {
      ExecutionBackend.named(getOrDefault(backend));
    }
    parsed();
    here.preparation();
  }

  /** The model with a label, which who asks for its output as it is has no need of. */
  private byte[] withLabels() {
    ModelProto own = parsed();
    Map<String, String> found = new TreeMap<>();
    own.getMetadataPropsList().forEach(entry -> found.put(entry.getKey(), entry.getValue()));
    return found.containsKey(ModelMetadata.LABELS)
        ? model()
        : own.toBuilder()
            .addMetadataProps(
                StringStringEntryProto.newBuilder().setKey(ModelMetadata.LABELS).setValue(""))
            .build()
            .toByteArray();
  }

  private Inversion inversion() {
    String choice = getOrDefault(invert);
    if (choice.isEmpty()) {
      return null;
    }
    try {
      return Inversion.valueOf(choice.toUpperCase(Locale.ROOT));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "invert is '" + choice + "'; it must be never, always or auto", e);
    }
  }

  @Override
  public PictureClassifier copy(ParamMap extra) {
    PictureClassifier copy = defaultCopy(extra);
    copy.model = model;
    copy.sent = sent;
    return copy;
  }

  @Override
  public MLWriter write() {
    return new ClassifierWriter(this);
  }

  /** Writes the parameters, as Spark does for its own stages. */
  MLWriter parameters() {
    return DefaultParamsWritable.super.write();
  }

  /**
   * Reads what {@link #write} wrote.
   *
   * @return the reader.
   */
  public static MLReader<PictureClassifier> read() {
    return new ClassifierReader();
  }

  /**
   * Loads a saved classifier.
   *
   * @param path the folder that it was saved to.
   * @return the classifier.
   */
  public static PictureClassifier load(String path) {
    return read().load(path);
  }
}
