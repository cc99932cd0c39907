package dev.subbit.tribuo.export;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import dev.subbit.tribuo.data.Inversion;
import dev.subbit.tribuo.data.PicturePreparation;
import dev.subbit.tribuo.network.ImageShape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.StringJoiner;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * What an ONNX model says about itself under {@code metadata_props}: its labels, and how a picture
 * becomes its input. Whoever has the file needs nothing else to classify a picture. OPERATORS.md
 * lists the names. Models of others may carry them, too; all but the labels and the shape have
 * defaults.
 *
 * @param labels the labels, in the order of the output's columns.
 * @param preparation how a picture becomes an image.
 * @param channelsLast whether an input with the axes of an image has its channels last.
 * @param positions the pixel position of each column of an input of rows; empty for all pixels in
 *     the order of positions.
 * @param low what a value of 0 in the picture is to the network.
 * @param high what 255 is.
 * @param mean what is subtracted then, one number per channel.
 * @param deviation what that is divided by, one number per channel.
 * @param logits whether the output is logits, to which a softmax is due, rather than probabilities.
 */
public record ModelMetadata(
    List<String> labels,
    PicturePreparation preparation,
    boolean channelsLast,
    List<Integer> positions,
    float low,
    float high,
    List<Float> mean,
    List<Float> deviation,
    boolean logits) {

  /** The labels, one per line. */
  public static final String LABELS = "subbit.labels";

  /** Number of channels of an image: 1 for grey, 3 for red, green, blue. */
  public static final String CHANNELS = "subbit.image.channels";

  /** Rows of an image. */
  public static final String HEIGHT = "subbit.image.height";

  /** Columns of an image. */
  public static final String WIDTH = "subbit.image.width";

  /** The order of an image's values: {@value #CHW} or {@value #HWC}. */
  public static final String LAYOUT = "subbit.image.layout";

  /** What 0 and 255 of a picture are to the network: two numbers. */
  public static final String RANGE = "subbit.image.range";

  /** What is subtracted from the values then: one number, or one per channel. */
  public static final String MEAN = "subbit.image.mean";

  /** What the values are divided by then: one number, or one per channel. */
  public static final String DEVIATION = "subbit.image.std";

  /** What the shorter side of a picture is scaled to before its middle is cut out. */
  public static final String SHORTER_SIDE = "subbit.image.shorter_side";

  /** Whether light and dark change places: {@code never}, {@code always} or {@code auto}. */
  public static final String INVERT = "subbit.image.invert";

  /** The pixel position of each column of the input. */
  public static final String POSITIONS = "subbit.image.positions";

  /** What the output is: {@value #PROBABILITIES} or {@value #LOGITS}. */
  public static final String OUTPUT = "subbit.output";

  private static final String CHW = "CHW";
  private static final String HWC = "HWC";
  private static final String PROBABILITIES = "probabilities";
  private static final String LOGITS = "logits";

  private static final int BYTE = 255;

  // Checks that there is a number per channel, and copies the lists.
  public ModelMetadata {
    labels = List.copyOf(labels);
    positions = List.copyOf(positions);
    mean = perChannel(MEAN, mean, preparation.shape().channels());
    deviation = perChannel(DEVIATION, deviation, preparation.shape().channels());
    if (labels.isEmpty()) {
      throw new IllegalArgumentException(LABELS + " is empty");
    }
    if (deviation.contains(0f)) {
      throw new IllegalArgumentException(DEVIATION + " has a 0, by which nothing can be divided");
    }
    if (channelsLast && !positions.isEmpty()) {
      throw new IllegalArgumentException(POSITIONS + " goes with the layout " + CHW + " only");
    }
    int pixels = preparation.shape().size();
    if (positions.stream().anyMatch(position -> position < 0 || position >= pixels)) {
      throw new IllegalArgumentException(
          POSITIONS + " names a pixel that an image of " + pixels + " values does not have");
    }
  }

  private static List<Float> perChannel(String name, List<Float> values, int channels) {
    if (values.size() == channels) {
      return List.copyOf(values);
    }
    if (values.size() != 1) {
      throw new IllegalArgumentException(
          name + " has " + values.size() + " numbers; write one, or one per channel: " + channels);
    }
    return IntStream.range(0, channels).mapToObj(channel -> values.get(0)).toList();
  }

  /**
   * What a model of Subbit says: it takes raw values 0 to 255 and gives probabilities.
   *
   * @param labels its labels, in the order of the output's columns.
   * @param preparation how a picture becomes an image.
   * @param positions the pixel position of each column of its input.
   * @return the metadata.
   */
  public static ModelMetadata of(
      List<String> labels, PicturePreparation preparation, int[] positions) {
    boolean inOrder =
        Arrays.equals(positions, IntStream.range(0, preparation.shape().size()).toArray());
    return new ModelMetadata(
        labels,
        preparation,
        false,
        inOrder ? List.of() : Arrays.stream(positions).boxed().toList(),
        0,
        BYTE,
        List.of(0f),
        List.of(1f),
        false);
  }

  /**
   * Writes the metadata into a model.
   *
   * @param model the model.
   */
  public void writeTo(ModelProto.Builder model) {
    ImageShape shape = preparation.shape();
    put(model, LABELS, String.join("\n", labels.stream().map(ModelMetadata::escaped).toList()));
    put(model, CHANNELS, Integer.toString(shape.channels()));
    put(model, HEIGHT, Integer.toString(shape.height()));
    put(model, WIDTH, Integer.toString(shape.width()));
    put(model, LAYOUT, channelsLast ? HWC : CHW);
    put(model, RANGE, text(List.of(low, high)));
    if (mean.stream().anyMatch(value -> value != 0)) {
      put(model, MEAN, text(mean));
    }
    if (deviation.stream().anyMatch(value -> value != 1)) {
      put(model, DEVIATION, text(deviation));
    }
    put(model, SHORTER_SIDE, Integer.toString(preparation.shorterSide()));
    put(model, INVERT, preparation.inversion().name().toLowerCase(Locale.ROOT));
    if (!positions.isEmpty()) {
      put(model, POSITIONS, String.join(" ", positions.stream().map(String::valueOf).toList()));
    }
    put(model, OUTPUT, logits ? LOGITS : PROBABILITIES);
  }

  private static void put(ModelProto.Builder model, String name, String value) {
    model.addMetadataProps(StringStringEntryProto.newBuilder().setKey(name).setValue(value));
  }

  /** A label is one line; a line break in one is written as a backslash and an n. */
  private static String escaped(String label) {
    return label.replace("\\", "\\\\").replace("\n", "\\n");
  }

  private static String unescaped(String line) {
    StringBuilder label = new StringBuilder();
    for (int i = 0; i < line.length(); i++) {
      char c = line.charAt(i);
      if (c == '\\' && i + 1 < line.length()) {
        i++;
        label.append(line.charAt(i) == 'n' ? '\n' : line.charAt(i));
      } else {
        label.append(c);
      }
    }
    return label.toString();
  }

  private static String text(List<Float> values) {
    StringJoiner text = new StringJoiner(" ");
    for (float value : values) {
      text.add(value == (int) value ? Integer.toString((int) value) : Float.toString(value));
    }
    return text.toString();
  }

  /**
   * Reads the metadata of a model.
   *
   * @param model the model; may come from anyone.
   * @return the metadata.
   * @throws IllegalArgumentException if a name that is needed is missing, or a value cannot be
   *     understood; the message says which, and how they are given.
   */
  public static ModelMetadata of(ModelProto model) {
    Map<String, String> found = new TreeMap<>();
    model.getMetadataPropsList().forEach(entry -> found.put(entry.getKey(), entry.getValue()));
    List<String> missing = new ArrayList<>(List.of(LABELS, CHANNELS, HEIGHT, WIDTH));
    missing.removeIf(found::containsKey);
    if (!missing.isEmpty()) {
      throw new IllegalArgumentException(
          "it does not say how pictures are classified: metadata_props lacks "
              + String.join(", ", missing)
              + ". Add them, with Python: onnx.helper.set_model_props(model, {'"
              + LABELS
              + "': 'cat\\ndog', '"
              + CHANNELS
              + "': '3', ...}); docs/OPERATORS.md lists the names");
    }
    ImageShape shape =
        new ImageShape(whole(found, CHANNELS), whole(found, HEIGHT), whole(found, WIDTH));
    List<Float> range = numbers(found, RANGE, "0 255");
    if (range.size() != 2) {
      throw cannotBe(RANGE, found.get(RANGE), "two numbers, as in '0 1'");
    }
    return new ModelMetadata(
        Arrays.stream(found.get(LABELS).split("\n", -1)).map(ModelMetadata::unescaped).toList(),
        new PicturePreparation(
            shape,
            found.containsKey(SHORTER_SIDE) ? whole(found, SHORTER_SIDE) : 0,
            Inversion.valueOf(
                choice(found, INVERT, "never", "always", "auto").toUpperCase(Locale.ROOT))),
        choice(found, LAYOUT, CHW, HWC).equals(HWC),
        numbers(found, POSITIONS, "").stream().map(Float::intValue).toList(),
        range.get(0),
        range.get(1),
        numbers(found, MEAN, "0"),
        numbers(found, DEVIATION, "1"),
        choice(found, OUTPUT, PROBABILITIES, LOGITS).equals(LOGITS));
  }

  private static int whole(Map<String, String> found, String name) {
    try {
      return Integer.parseInt(found.get(name).strip());
    } catch (NumberFormatException e) {
      throw cannotBe(name, found.get(name), "a whole number");
    }
  }

  private static List<Float> numbers(Map<String, String> found, String name, String otherwise) {
    String text = found.getOrDefault(name, otherwise).strip();
    try {
      return text.isEmpty()
          ? List.of()
          : Arrays.stream(text.split("\\s+")).map(Float::valueOf).toList();
    } catch (NumberFormatException e) {
      throw cannotBe(name, text, "numbers, separated by spaces");
    }
  }

  private static String choice(Map<String, String> found, String name, String... allowed) {
    String value = found.getOrDefault(name, allowed[0]);
    if (!List.of(allowed).contains(value)) {
      throw cannotBe(name, value, String.join(" or ", allowed));
    }
    return value;
  }

  private static IllegalArgumentException cannotBe(String name, String value, String allowed) {
    return new IllegalArgumentException(
        "its metadata " + name + " is '" + value + "'; it must be " + allowed);
  }
}
