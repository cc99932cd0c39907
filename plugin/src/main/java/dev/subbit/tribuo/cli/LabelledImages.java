package dev.subbit.tribuo.cli;

import dev.subbit.tribuo.data.ImageSource;
import dev.subbit.tribuo.network.ImageShape;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.tribuo.DataSource;
import org.tribuo.classification.Label;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Option;

/** The options that say which labelled images a model is run on; one of three ways. */
final class LabelledImages {

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

    @Option(
        names = "--set",
        paramLabel = "COMPONENT.PROPERTY=VALUE",
        description = "Replace a value of the configuration. May be given several times.")
    private Map<String, String> settings = new LinkedHashMap<>();
  }

  /**
   * The images.
   *
   * @param shape the shape that the model takes.
   * @param labelNames names of the labels 0, 1, ... of IDX files; empty to name them by number.
   * @return the images, read again at each iteration where they are not small.
   * @throws UserError if a file is missing or damaged, there is no such source, or the images have
   *     another shape.
   */
  DataSource<Label> read(ImageShape shape, List<String> labelNames) {
    DataSource<Label> images = source(labelNames);
    if (images instanceof ImageSource source && !source.imageShape().equals(shape)) {
      throw new UserError(
          "The images of "
              + images
              + " have the shape "
              + source.imageShape()
              + ", the model takes "
              + shape
              + ".");
    }
    return images;
  }

  private DataSource<Label> source(List<String> labelNames) {
    if (configured != null) {
      if (!labelNames.isEmpty()) {
        throw new UserError(
            "--label-names is for IDX files; a configuration names its own labels.");
      }
      try (ConfigFile components = new ConfigFile(configured.file, configured.settings)) {
        return ConfiguredImages.source(components, configured.source, "--source");
      }
    }
    return data != null
        ? new ImageFolder(data).read(ImageFolder.Part.TEST, labelNames, 0)
        : ImageFolder.read(pair.images, pair.labels, labelNames, 0);
  }
}
