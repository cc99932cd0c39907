package dev.subbit.cli.options;

import dev.subbit.cli.files.ConfigFile;
import dev.subbit.cli.files.ConfiguredImages;
import dev.subbit.cli.files.ImageFolder;
import dev.subbit.cli.terminal.UserError;
import dev.subbit.tribuo.data.ImageSource;
import dev.subbit.tribuo.network.ImageShape;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.tribuo.DataSource;
import org.tribuo.Example;
import org.tribuo.classification.Label;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options that say which labelled images a model is run on. */
public final class LabelledImages {

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @ArgGroup(multiplicity = "0..1")
  private Source source;

  @Option(
      names = "--limit",
      paramLabel = "N",
      description = "Use only the first N images that are not left out, at least 1.")
  private Integer limit;

  @Option(
      names = "--skip",
      paramLabel = "N",
      defaultValue = "0",
      description =
          "Leave out the first N images, so that runs side by side can share them. Default:"
              + " ${DEFAULT-VALUE}.")
  private int skip;

  @Option(
      names = "--label-names",
      paramLabel = "NAME",
      split = ",",
      description =
          "Names of the labels 0, 1, ..., for a model that was trained on names; separated by"
              + " commas.")
  private List<String> labelNames = List.of();

  /** One of three ways to name the images. */
  private static final class Source {

    @Option(
        names = "--data",
        required = true,
        paramLabel = "DIR",
        description = "A folder in MNIST's layout; its t10k images are taken.")
    private Path data;

    @ArgGroup(exclusive = false)
    private Pair pair;

    @ArgGroup(exclusive = false)
    private Configured configured;
  }

  /** A pair of IDX files. */
  private static final class Pair {

    @Option(
        names = "--images",
        required = true,
        paramLabel = "FILE",
        description = "An IDX file of images, plain or gzipped.")
    private Path images;

    @Option(
        names = "--labels",
        required = true,
        paramLabel = "FILE",
        description = "The IDX file of their labels.")
    private Path labels;
  }

  /** A component of a configuration. */
  private static final class Configured {

    @Option(
        names = "--config",
        required = true,
        paramLabel = "CONFIG.xml",
        description =
            "An OLCUT configuration with an image source: CIFAR, folders of pictures, or IDX.")
    private Path file;

    @Option(
        names = "--source",
        paramLabel = "NAME",
        defaultValue = "test",
        description = "The component of that source. Default: ${DEFAULT-VALUE}.")
    private String source;

    @ArgGroup(exclusive = false)
    private ConfigSettings settings = new ConfigSettings();
  }

  /**
   * Whether labelled images were named.
   *
   * @return true if they were.
   */
  public boolean given() {
    return source != null;
  }

  /**
   * Opens the images.
   *
   * @param shape the shape that the model takes.
   * @return the images, read again at each iteration where they are not small.
   * @throws ParameterException if no images were named.
   * @throws UserError if a file is missing or damaged, there is no such source, or the images have
   *     another shape.
   */
  public Iterable<Example<Label>> read(ImageShape shape) {
    if (!given()) {
      throw new ParameterException(
          spec.commandLine(),
          "Missing images: give --data DIR, --images FILE --labels FILE, or --config CONFIG.xml");
    }
    if (limit != null && limit < 1) {
      throw new ParameterException(
          spec.commandLine(), "--limit is " + limit + "; leave it out to use all images");
    }
    if (skip < 0) {
      throw new ParameterException(
          spec.commandLine(), "--skip is " + skip + "; it must not be negative");
    }
    DataSource<Label> images = open();
    if (images instanceof ImageSource known && !known.imageShape().equals(shape)) {
      throw new UserError(
          "The images of "
              + images
              + " have the shape "
              + known.imageShape()
              + ", the model takes "
              + shape
              + ".");
    }
    return () -> {
      Stream<Example<Label>> all = StreamSupport.stream(images.spliterator(), false).skip(skip);
      return (limit == null ? all : all.limit(limit)).iterator();
    };
  }

  private DataSource<Label> open() {
    if (source.configured != null) {
      if (!labelNames.isEmpty()) {
        throw new UserError(
            "--label-names is for IDX files; a configuration names its own labels.");
      }
      Configured configured = source.configured;
      try (ConfigFile components = new ConfigFile(configured.file, configured.settings.values())) {
        return ConfiguredImages.source(components, configured.source, "--source");
      }
    }
    return source.data != null
        ? new ImageFolder(source.data).read(ImageFolder.Part.TEST, labelNames, 0)
        : ImageFolder.read(source.pair.images, source.pair.labels, labelNames, 0);
  }
}
