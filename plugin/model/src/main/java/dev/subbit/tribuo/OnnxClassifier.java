package dev.subbit.tribuo;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import dev.subbit.onnx.ExecutionBackend;
import dev.subbit.onnx.graph.OnnxFile;
import dev.subbit.tribuo.data.PicturePreparation;
import dev.subbit.tribuo.data.PixelDomain;
import dev.subbit.tribuo.data.PixelMap;
import dev.subbit.tribuo.export.ModelMetadata;
import dev.subbit.tribuo.network.ImageShape;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.tribuo.Example;
import org.tribuo.Prediction;
import org.tribuo.classification.Label;

/**
 * Classifies pictures by an ONNX model that says in its metadata what its input and its output mean
 * ({@link ModelMetadata}): a model that Subbit exported, or one of any origin to which they were
 * added. Safe for use by many threads.
 */
public final class OnnxClassifier implements AutoCloseable {

  private static final int IMAGE_RANK = 4;

  /** Images of one call, where the model leaves their number open. */
  private static final int BATCH = 64;

  private final ModelProto model;
  private final ModelMetadata metadata;
  private final ValueInfoProto input;
  private final ValueInfoProto output;
  private final PixelMap pixels;
  private final ModelSession session;
  private final BackendChoice backend;
  private final int threads;

  /**
   * Takes a model, on the preferred back end of this machine.
   *
   * @param model the model, self-contained.
   * @throws IllegalArgumentException if it does not say how pictures are classified, or says what
   *     does not fit its graph.
   */
  public OnnxClassifier(ModelProto model) {
    this(model, null, 0);
  }

  private OnnxClassifier(ModelProto model, BackendChoice backend, int threads) {
    this.model = model;
    this.backend = backend;
    this.threads = threads;
    this.metadata = ModelMetadata.of(model);
    this.input = inputOf(model.getGraph());
    this.output = outputOf(model.getGraph());
    ImageShape shape = metadata.preparation().shape();
    requireFit(dimensions(input), shape);
    this.pixels = new PixelMap(new PixelDomain(shape.size(), 1), shape);
    this.session = new ModelSession(model::toByteArray, backend, threads);
  }

  /**
   * Reads a model, with the data that it keeps in files beside it.
   *
   * @param file the ONNX file.
   * @return the classifier, on the preferred back end of this machine.
   * @throws IOException if the file cannot be read or is not an ONNX model, or data beside it is
   *     missing or damaged; the message says which.
   * @throws IllegalArgumentException if it does not say how pictures are classified, or says what
   *     does not fit its graph.
   */
  public static OnnxClassifier read(Path file) throws IOException {
    try {
      return new OnnxClassifier(OnnxFile.read(file));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(file + ": " + e.getMessage(), e);
    }
  }

  private static ValueInfoProto inputOf(GraphProto graph) {
    Set<String> constants = new HashSet<>();
    graph.getInitializerList().forEach(tensor -> constants.add(tensor.getName()));
    List<ValueInfoProto> inputs =
        graph.getInputList().stream().filter(one -> !constants.contains(one.getName())).toList();
    if (inputs.size() != 1 || !isFloat(inputs.get(0))) {
      throw new IllegalArgumentException(
          "it has "
              + inputs.size()
              + " inputs; a classifier of pictures has one, of floats (FLOAT)");
    }
    return inputs.get(0);
  }

  private static ValueInfoProto outputOf(GraphProto graph) {
    return graph.getOutputList().stream()
        .filter(OnnxClassifier::isFloat)
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("it has no output of floats (FLOAT)"));
  }

  private static boolean isFloat(ValueInfoProto value) {
    TypeProto type = value.getType();
    return type.hasTensorType()
        && type.getTensorType().getElemType() == TensorProto.DataType.FLOAT.getNumber();
  }

  /** The dimensions of a value; -1 where the model leaves one open. */
  private static List<Long> dimensions(ValueInfoProto value) {
    List<Long> dimensions = new ArrayList<>();
    for (TensorShapeProto.Dimension dimension :
        value.getType().getTensorType().getShape().getDimList()) {
      dimensions.add(dimension.hasDimValue() ? dimension.getDimValue() : -1);
    }
    return dimensions;
  }

  private void requireFit(List<Long> dimensions, ImageShape shape) {
    List<Long> expected =
        dimensions.size() == IMAGE_RANK ? imageDimensions(shape) : List.of((long) columns());
    boolean fits =
        dimensions.size() == expected.size() + 1 && List.of(-1L, 1L).contains(dimensions.get(0));
    for (int i = 0; fits && i < expected.size(); i++) {
      long dimension = dimensions.get(i + 1);
      fits = dimension == -1 || dimension == expected.get(i);
    }
    if (!fits) {
      throw new IllegalArgumentException(
          "its input '"
              + input.getName()
              + "' has the dimensions "
              + dimensions
              + ", which do not fit its metadata: images of "
              + shape.channels()
              + "x"
              + shape.height()
              + "x"
              + shape.width());
    }
  }

  private List<Long> imageDimensions(ImageShape shape) {
    return metadata.channelsLast()
        ? List.of((long) shape.height(), (long) shape.width(), (long) shape.channels())
        : List.of((long) shape.channels(), (long) shape.height(), (long) shape.width());
  }

  private int columns() {
    return metadata.positions().isEmpty()
        ? metadata.preparation().shape().size()
        : metadata.positions().size();
  }

  /**
   * The same model on another back end. The new classifier has a session of its own.
   *
   * @param name name of the back end, as {@link ExecutionBackend} lists them.
   * @param settings settings of the back end by name.
   * @return the classifier.
   * @throws IllegalArgumentException if there is no such back end.
   */
  public OnnxClassifier withBackend(String name, Map<String, String> settings) {
    ExecutionBackend.named(name);
    return new OnnxClassifier(model, new BackendChoice(name, settings), threads);
  }

  /**
   * The same model with another number of threads for one call, which one core's share of a machine
   * needs: many calls at once make better use of cores than many threads in one. The new classifier
   * has a session of its own.
   *
   * @param count the threads, the calling one among them; 0 for one per core, as otherwise.
   * @return the classifier.
   * @throws IllegalArgumentException if the number is negative.
   */
  public OnnxClassifier withThreads(int count) {
    if (count < 0) {
      throw new IllegalArgumentException("The threads are " + count + "; they cannot be negative");
    }
    return new OnnxClassifier(model, backend, count);
  }

  /**
   * How a picture becomes an image for this model.
   *
   * @return what the metadata say.
   */
  public PicturePreparation preparation() {
    return metadata.preparation();
  }

  /**
   * The labels.
   *
   * @return what the metadata say, in the order of the output's columns.
   */
  public List<String> labels() {
    return metadata.labels();
  }

  /**
   * Classifies the picture in a PNG or JPEG file.
   *
   * @param picture the file.
   * @return the best label and the probabilities of all.
   * @throws IOException if the file cannot be read or decoded; the message names it.
   */
  public Prediction<Label> classify(Path picture) throws IOException {
    return predict(preparation().example(picture));
  }

  /**
   * Classifies an image.
   *
   * @param example the image, as {@link #preparation} makes it of a picture.
   * @return the best label and the probabilities of all.
   * @throws IllegalArgumentException if it has another size.
   * @throws IllegalStateException if the model cannot be loaded, fails, or gives another number of
   *     probabilities than there are labels.
   */
  public Prediction<Label> predict(Example<Label> example) {
    return predict(List.of(example)).get(0);
  }

  /**
   * Classifies images.
   *
   * @param examples the images, as {@link #preparation} makes them of pictures.
   * @return the best label and the probabilities of all, of each image in turn.
   * @throws IllegalArgumentException if one has another size.
   * @throws IllegalStateException if the model cannot be loaded, fails, or gives another number of
   *     probabilities than there are labels.
   */
  public List<Prediction<Label>> predict(List<Example<Label>> examples) {
    List<float[]> outputs = outputs(examples);
    List<Prediction<Label>> predictions = new ArrayList<>();
    for (int i = 0; i < examples.size(); i++) {
      predictions.add(prediction(examples.get(i), outputs.get(i)));
    }
    return predictions;
  }

  /**
   * Runs the model on images, and takes its output as it is.
   *
   * @param examples the images, as {@link #preparation} makes them of pictures.
   * @return the values of the model's first output of floats, of each image in turn; {@link
   *     #prediction} reads them.
   * @throws IllegalArgumentException if one has another size.
   * @throws IllegalStateException if the model cannot be loaded, fails, or gives no whole number of
   *     values per image.
   */
  public List<float[]> outputs(List<Example<Label>> examples) {
    int batch = dimensions(input).get(0) == -1 ? BATCH : 1;
    List<float[]> outputs = new ArrayList<>();
    for (int start = 0; start < examples.size(); start += batch) {
      outputs.addAll(
          outputsOfBatch(examples.subList(start, Math.min(examples.size(), start + batch))));
    }
    return outputs;
  }

  private List<float[]> outputsOfBatch(List<Example<Label>> examples) {
    boolean axes = dimensions(input).size() == IMAGE_RANK;
    int size = usedFeatures();
    float[] values = new float[Math.multiplyExact(examples.size(), size)];
    for (int i = 0; i < examples.size(); i++) {
      lay(examples.get(i), values, i * size, size, axes);
    }
    List<Long> shape = new ArrayList<>(List.of((long) examples.size()));
    shape.addAll(
        axes ? imageDimensions(metadata.preparation().shape()) : List.of((long) columns()));
    float[] all =
        session.run(
            input.getName(),
            output.getName(),
            values,
            shape.stream().mapToLong(Long::longValue).toArray());
    int width = all.length / examples.size();
    if (all.length != examples.size() * width) {
      throw new IllegalStateException(
          "The model gives "
              + all.length
              + " numbers for "
              + examples.size()
              + " images, which is not the same number for each");
    }
    List<float[]> outputs = new ArrayList<>();
    for (int i = 0; i < examples.size(); i++) {
      outputs.add(Arrays.copyOfRange(all, i * width, (i + 1) * width));
    }
    return outputs;
  }

  private int usedFeatures() {
    return dimensions(input).size() == IMAGE_RANK
        ? metadata.preparation().shape().size()
        : columns();
  }

  /**
   * Reads an output of the model.
   *
   * @param example the image that it belongs to.
   * @param output what {@link #outputs} gave for it.
   * @return the best label and the probabilities of all.
   * @throws IllegalStateException if there is another number of values than there are labels, or
   *     every one is NaN.
   */
  public Prediction<Label> prediction(Example<Label> example, float[] output) {
    int classes = labels().size();
    if (output.length != classes) {
      throw new IllegalStateException(
          "The model gives "
              + output.length
              + " numbers for an image, but its metadata name "
              + classes
              + " labels");
    }
    float[] probabilities = metadata.logits() ? softmax(output) : output;
    return LabelScores.prediction(example, usedFeatures(), labels(), probabilities, 0);
  }

  /** Lays an image out as the input takes it. */
  private void lay(Example<Label> example, float[] values, int offset, int size, boolean axes) {
    ImageShape shape = metadata.preparation().shape();
    float[] image = new float[shape.size()];
    pixels.requireSize(example);
    pixels.fill(example, image, 0);
    int area = shape.height() * shape.width();
    for (int i = 0; i < size; i++) {
      int position = axes || metadata.positions().isEmpty() ? i : metadata.positions().get(i);
      int channel = position / area;
      int at = metadata.channelsLast() ? position % area * shape.channels() + channel : i;
      values[offset + at] = scaled(image[position], channel);
    }
  }

  private float scaled(float pixel, int channel) {
    float value = metadata.low() + pixel * (metadata.high() - metadata.low()) / 255;
    return (value - metadata.mean().get(channel)) / metadata.deviation().get(channel);
  }

  private static float[] softmax(float[] logits) {
    double largest = Double.NEGATIVE_INFINITY;
    for (float logit : logits) {
      largest = Math.max(largest, logit);
    }
    double sum = 0;
    for (float logit : logits) {
      sum += Math.exp(logit - largest);
    }
    float[] probabilities = new float[logits.length];
    for (int i = 0; i < logits.length; i++) {
      probabilities[i] = (float) (Math.exp(logits[i] - largest) / sum);
    }
    return probabilities;
  }

  /** Releases the session. Waits for predictions under way; later ones throw. */
  @Override
  public void close() {
    session.close();
  }
}
