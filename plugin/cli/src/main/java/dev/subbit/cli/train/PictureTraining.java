package dev.subbit.cli.train;

import dev.subbit.cli.files.ChosenNetwork;
import dev.subbit.cli.files.ConfigXml;
import dev.subbit.cli.options.ImageShapeConverter;
import dev.subbit.cli.terminal.UserError;
import dev.subbit.tribuo.data.ImageFolderSource;
import dev.subbit.tribuo.network.ImageShape;
import dev.subbit.tribuo.training.SubBitTrainer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/**
 * The options of a training without a configuration, and the configuration that says the same: for
 * a folder with a folder of pictures for each class, or one with such folders for training and for
 * tests.
 */
final class PictureTraining {

  private static final String TRAIN = "train";
  private static final List<String> TEST_FOLDERS = List.of("test", "val");

  /** Batches are smaller where there would be fewer than this many in an epoch. */
  private static final int FEWEST_BATCHES = 10;

  private static final int LARGEST_BATCH = 32;
  private static final int SMALLEST_BATCH = 4;

  @Option(
      names = "--pictures",
      required = true,
      paramLabel = "FOLDER",
      description = {
        "Train without a configuration, on a folder with a folder of PNG and JPEG pictures for each"
            + " class. The configuration that says the same is printed.",
        "If the folder holds 'train', and 'test' or 'val', these hold the folders of the classes;"
            + " otherwise a tenth of the pictures is held out, to keep the best epoch."
      })
  private Path folder;

  @Option(
      names = "--network",
      paramLabel = "NAME",
      defaultValue = "resnet20",
      completionCandidates = ChosenNetwork.Names.class,
      description =
          "With --pictures: ${COMPLETION-CANDIDATES}, or a configuration (.xml) that describes a"
              + " network. Default: ${DEFAULT-VALUE}.")
  private String network;

  @Option(
      names = {"--image", "--size"},
      paramLabel = "CxHxW",
      defaultValue = "3x32x32",
      converter = ImageShapeConverter.class,
      description =
          "With --pictures: channels (1 grey, 3 colours), height and width that pictures are scaled"
              + " and cut to; 64 is short for 3x64x64. Default: ${DEFAULT-VALUE}.")
  private ImageShape image;

  /**
   * Writes the configuration.
   *
   * @return XML with the components {@code train}, {@code trainer} and, where there are pictures
   *     for tests, {@code test}.
   * @throws UserError if the folder does not have this layout, or there is no such network; the
   *     message says what is missing.
   */
  String xml() {
    ChosenNetwork chosen = ChosenNetwork.of(network);
    Path training = folder.resolve(TRAIN);
    Optional<Path> test =
        TEST_FOLDERS.stream().map(folder::resolve).filter(Files::isDirectory).findFirst();
    boolean split = Files.isDirectory(training) && test.isPresent();
    Path pictures = split ? training : folder;
    int count = count(pictures);
    ConfigXml xml = new ConfigXml("");
    chosen.file().ifPresent(file -> xml.include("network", file.toAbsolutePath().normalize()));
    addSource(xml, TRAIN, pictures);
    if (split) {
      addSource(xml, "test", test.get());
    }
    xml.component("trainer", SubBitTrainer.class)
        .property(chosen.file().isPresent() ? "architecture" : "network", chosen.description())
        .imageShape(image)
        .property(
            "batchSize", Math.max(SMALLEST_BATCH, Math.min(LARGEST_BATCH, count / FEWEST_BATCHES)));
    if (!split) {
      xml.property("validationShare", 0.1);
    }
    return xml.end();
  }

  private int count(Path pictures) {
    try {
      return new ImageFolderSource(pictures, image, 0).size();
    } catch (IOException | IllegalArgumentException e) {
      throw new UserError(e.getMessage() + ".", e);
    }
  }

  private void addSource(ConfigXml xml, String name, Path pictures) {
    xml.component(name, ImageFolderSource.class)
        .property("folder", pictures.toAbsolutePath().normalize())
        .imageShape(image);
  }
}
