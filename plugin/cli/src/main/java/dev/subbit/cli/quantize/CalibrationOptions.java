package dev.subbit.cli.quantize;

import dev.subbit.cli.files.ImageFolder;
import dev.subbit.cli.terminal.UserError;
import dev.subbit.tribuo.SubBitModel;
import dev.subbit.tribuo.data.IdxImageSource;
import dev.subbit.tribuo.data.PictureFiles;
import dev.subbit.tribuo.network.ImageShape;
import dev.subbit.tribuo.quantizer.graph.ModelInput;
import dev.subbit.tribuo.quantizer.input.Calibration;
import dev.subbit.tribuo.quantizer.input.CalibrationFeeds;
import dev.subbit.tribuo.quantizer.input.PixelSamples;
import dev.subbit.tribuo.quantizer.input.Samples;
import dev.subbit.tribuo.quantizer.input.TensorFile;
import dev.subbit.tribuo.training.OnnxTuning;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.tribuo.Example;
import org.tribuo.Feature;
import org.tribuo.MutableDataset;
import org.tribuo.classification.Label;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** The options that say which inputs a model is calibrated on. */
final class CalibrationOptions {

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description = "Calibrate on the training images of a folder in MNIST's layout.")
  private Path data;

  @Option(
      names = "--pictures",
      paramLabel = "DIR",
      description =
          "Calibrate on the PNG and JPEG files in a folder and the folders inside it. The middle of"
              + " each is scaled to the model's input.")
  private Path pictures;

  @Option(
      names = "--inputs",
      paramLabel = "[NAME=]FILE",
      description =
          "ONNX models: calibrate on the tensor in a .npy or .pb file, its first axis counting the"
              + " samples. With several inputs: once for each, with its name. For an input without"
              + " such an axis, the file has one more than it, or holds one value for all samples;"
              + " if the model leaves another axis open, that one counts them.")
  private List<String> inputs = List.of();

  @Option(
      names = "--random",
      paramLabel = "N",
      defaultValue = "0",
      description =
          "ONNX models: calibrate on N samples of random numbers. For trying things out: the"
              + " weights are then fitted to noise.")
  private int random;

  @Option(
      names = "--images",
      paramLabel = "N",
      defaultValue = "256",
      description =
          "Number of images or pictures to use, spread evenly over them. Default:"
              + " ${DEFAULT-VALUE}.")
  private int images;

  @Option(
      names = "--shape",
      paramLabel = "CxHxW",
      converter = DimensionsConverter.class,
      description =
          "Dimensions of one sample, for a model whose input is not fixed in size, such as"
              + " 3x224x224.")
  private Dimensions shape = new Dimensions(new long[0]);

  @Option(
      names = "--scale",
      paramLabel = "X",
      defaultValue = "0",
      description =
          "Factor of the pixels, 0 to 255. Default: 1/255, and 1 for a model that takes"
              + " rows of features, as Subbit's own do.")
  private float scale;

  @Option(
      names = "--mean",
      paramLabel = "X",
      split = ",",
      description =
          "Subtracted from the scaled pixels: one number, or one per channel. Default: 0.")
  private float[] mean = {0};

  @Option(
      names = "--std",
      paramLabel = "X",
      split = ",",
      description = "Divisor of the difference: one number, or one per channel. Default: 1.")
  private float[] deviation = {1};

  /** In a record, since an array would be an option given several times. */
  private record Dimensions(long[] sizes) {}

  /** Reads {@code 3x224x224}. */
  static final class DimensionsConverter implements ITypeConverter<Dimensions> {
    @Override
    public Dimensions convert(String text) {
      try {
        long[] sizes = Arrays.stream(text.split("x", -1)).mapToLong(Long::parseLong).toArray();
        if (Arrays.stream(sizes).allMatch(size -> size > 0)) {
          return new Dimensions(sizes);
        }
      } catch (NumberFormatException e) {
        // Reported below.
      }
      throw new TypeConversionException(
          "'" + text + "' is not a shape; write the dimensions as in 3x224x224");
    }
  }

  /**
   * Fails unless the options name images for a saved model, before long work.
   *
   * @throws ParameterException if the user gave another source or none.
   */
  void requireImages() {
    if ((data == null) == (pictures == null) || !inputs.isEmpty() || random != 0) {
      throw wrongUsage(
          "a saved model (.sbm) is calibrated on images: give --data DIR or --pictures DIR");
    }
    images();
  }

  /**
   * Reads the images that a saved model is calibrated on, and trained on.
   *
   * @param model the model.
   * @param training whether it is trained on them, which takes all of them, with labels.
   * @return the images.
   * @throws UserError if a file is missing or damaged.
   */
  MutableDataset<Label> imagesFor(SubBitModel model, boolean training) {
    return data != null
        ? new MutableDataset<>(new ImageFolder(data).read(ImageFolder.Part.TRAIN, List.of(), 0))
        : CalibrationPictures.read(
            pictures, training ? Integer.MAX_VALUE : images(), training, model);
  }

  /**
   * The folder in MNIST's layout, which may have test images, too.
   *
   * @return the folder; empty where pictures were given instead.
   */
  Optional<ImageFolder> folder() {
    return Optional.ofNullable(data).map(ImageFolder::new);
  }

  /**
   * The number of images to use.
   *
   * @return at least 1.
   */
  int images() {
    if (images < 1) {
      throw wrongUsage("--images is " + images + "; it must be at least 1");
    }
    return images;
  }

  /**
   * A warning about the source of inputs, if one is due.
   *
   * @return one line.
   */
  Optional<String> warning() {
    return random > 0
        ? Optional.of(
            "calibrating on random numbers: the weights are fitted to noise; give --data,"
                + " --pictures or --inputs for a model that is to be used")
        : Optional.empty();
  }

  /**
   * Checks the options before long work.
   *
   * @throws ParameterException if not exactly one source is given, or a number is out of range.
   */
  void requireOneSource() {
    int sources =
        (data == null ? 0 : 1)
            + (pictures == null ? 0 : 1)
            + (inputs.isEmpty() ? 0 : 1)
            + (random == 0 ? 0 : 1);
    if (sources != 1) {
      throw wrongUsage(
          (sources == 0 ? "there is nothing to calibrate on" : "there are several calibrations")
              + ": give one of --data DIR, --pictures DIR, --inputs FILE or --random N");
    }
    if (random < 0) {
      throw wrongUsage("--random is " + random + "; it must be at least 1");
    }
    for (float value : deviation) {
      if (value == 0) {
        throw wrongUsage("--std must not be 0");
      }
    }
    images();
  }

  /**
   * Reads samples that a model is trained on, which the calibration is a part of.
   *
   * @param modelInputs the model's inputs.
   * @param most number of images or pictures to use, at least that of the calibration.
   * @param labelled whether the feeds need labels.
   * @param chooses whether something is chosen by samples of their own.
   * @return the batches to train on, and those held out from training and calibration.
   * @throws UserError if a file cannot be read or does not fit the model, or has no labels.
   */
  Calibration feeds(List<ModelInput> modelInputs, int most, boolean labelled, boolean chooses) {
    try {
      Map<String, Samples> samples = samples(modelInputs, Math.max(images(), most));
      List<ModelInput> inputs = new ArrayList<>(modelInputs);
      if (labelled) {
        if (data == null) {
          throw new UserError(
              "--labels learns from the labels of --data DIR; of other inputs there are none");
        }
        inputs.add(ModelInput.ofNumbers(OnnxTuning.LABELS));
        samples.put(OnnxTuning.LABELS, labels(Math.max(images(), most)));
      }
      return chooses
          ? CalibrationFeeds.splitToChoose(inputs, samples)
          : CalibrationFeeds.split(inputs, samples);
    } catch (IOException | IllegalArgumentException e) {
      throw new UserError(e.getMessage(), e);
    }
  }

  private Map<String, Samples> samples(List<ModelInput> modelInputs, int most) throws IOException {
    Map<String, Samples> samples = new LinkedHashMap<>();
    if (random > 0) {
      for (int i = 0; i < modelInputs.size(); i++) {
        ModelInput input = modelInputs.get(i);
        samples.put(input.name(), CalibrationFeeds.random(input, random, shape.sizes(), i + 1));
      }
      return samples;
    }
    for (String input : inputs) {
      int equals = input.indexOf('=');
      if (equals < 0 && modelInputs.size() > 1) {
        throw new UserError(
            "The model has "
                + CalibrationFeeds.describe(modelInputs)
                + ". Give --inputs NAME=FILE for each.");
      }
      String name = equals < 0 ? modelInputs.get(0).name() : input.substring(0, equals);
      samples.put(name, TensorFile.read(Path.of(input.substring(equals + 1))));
    }
    if (samples.isEmpty()) {
      if (modelInputs.size() != 1) {
        throw new UserError(
            "The model has "
                + CalibrationFeeds.describe(modelInputs)
                + "; images fill only one input. Give --inputs NAME=FILE for each.");
      }
      samples.put(modelInputs.get(0).name(), imageSamples(modelInputs.get(0), most));
    }
    return samples;
  }

  private Samples imageSamples(ModelInput input, int most) throws IOException {
    PixelSamples pixels = new PixelSamples(scale, mean, deviation);
    if (pictures != null) {
      PictureFiles files = new PictureFiles(pictures);
      int count = Math.min(most, files.size());
      if (PixelSamples.shapeOf(input, shape.sizes()) == null) {
        throw new UserError(
            "Input '"
                + input.name()
                + "' is "
                + input
                + ", a row of features, which pictures cannot fill. Give --data or --inputs.");
      }
      return pixels.of(
          input,
          shape.sizes(),
          count,
          (i, size) -> files.read((int) ((long) i * files.size() / count), size),
          pictures.toString(),
          null);
    }
    IdxImageSource source = new ImageFolder(data).read(ImageFolder.Part.TRAIN, List.of(), 0);
    int count = Math.min(most, source.size());
    List<byte[]> rows = spread(source, count);
    ImageShape own = source.imageShape();
    return pixels.of(
        input,
        shape.sizes(),
        count,
        (i, size) -> {
          if (!size.equals(own)) {
            throw new UserError(
                data
                    + " holds images of "
                    + own.channels()
                    + " x "
                    + own.height()
                    + " x "
                    + own.width()
                    + ", the model takes "
                    + size.channels()
                    + " x "
                    + size.height()
                    + " x "
                    + size.width());
          }
          return rows.get(i);
        },
        data.toString(),
        own);
  }

  /** The labels of the images that {@link #spread} takes. */
  private Samples labels(int most) {
    IdxImageSource source = new ImageFolder(data).read(ImageFolder.Part.TRAIN, List.of(), 0);
    long[] labels = new long[Math.min(most, source.size())];
    int number = 0;
    int taken = 0;
    for (Example<Label> example : source) {
      if (taken < labels.length && number == (int) ((long) taken * source.size() / labels.length)) {
        labels[taken++] = Long.parseLong(example.getOutput().getLabel());
      }
      number++;
    }
    return Samples.of(labels, data.toString());
  }

  private static List<byte[]> spread(IdxImageSource source, int count) {
    List<byte[]> rows = new ArrayList<>();
    int number = 0;
    for (Example<Label> example : source) {
      if (rows.size() < count && number == (int) ((long) rows.size() * source.size() / count)) {
        byte[] row = new byte[source.imageShape().size()];
        int at = 0;
        for (Feature pixel : example) {
          row[at++] = (byte) pixel.getValue();
        }
        rows.add(row);
      }
      number++;
    }
    return rows;
  }

  private ParameterException wrongUsage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
