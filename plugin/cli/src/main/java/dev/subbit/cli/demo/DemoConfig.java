package dev.subbit.cli.demo;

import dev.subbit.cli.files.ConfigXml;
import dev.subbit.cli.files.ImageFolder;
import dev.subbit.cli.files.ImageFolder.Part;
import dev.subbit.tribuo.data.IdxImageSource;
import dev.subbit.tribuo.network.Layer.Activations;
import dev.subbit.tribuo.settings.CodebookStart;
import dev.subbit.tribuo.training.SubBitTrainer;
import java.nio.file.Path;
import java.util.Locale;

/**
 * The OLCUT configuration that the demo trains by, and that {@code ./subbit train} takes as well.
 */
final class DemoConfig {

  private DemoConfig() {}

  /**
   * Writes the configuration.
   *
   * @param data the images.
   * @param network name of the network.
   * @param tau bits of an index.
   * @param epochs passes over the training images with real activations; see {@link #epochs}.
   * @param threads threads of each training.
   * @param seed seed of all random choices.
   * @return XML with the components {@code train}, {@code test}, {@code real} and {@code binary}.
   */
  static String xml(DemoData data, String network, int tau, int epochs, int threads, long seed) {
    ConfigXml xml =
        new ConfigXml("What ./subbit demo trained; ./subbit train takes this file, too.");
    addSource(xml, "train", data.folder(), Part.TRAIN, DemoData.TRAIN_IMAGES);
    addSource(xml, "test", data.folder(), Part.TEST, DemoData.TEST_IMAGES);
    for (Activations activations : Activations.values()) {
      xml.component(trainerName(activations), SubBitTrainer.class)
          .property("network", network)
          .imageShape(data.shape())
          .property("weights", "SUB_BIT")
          .property("activations", activations)
          .property("tau", tau)
          // There is no time for kernels that codewords could be chosen by.
          .property("codebookStart", CodebookStart.RANDOM)
          .property("epochs", epochs(activations, epochs))
          .property("threads", threads)
          .property("seed", seed);
    }
    return xml.end();
  }

  /**
   * The trainer's component for a kind of activations.
   *
   * @param activations the kind.
   * @return its name.
   */
  static String trainerName(Activations activations) {
    return activations.name().toLowerCase(Locale.ROOT);
  }

  /**
   * The number of passes that a kind of activations gets. A step on binary activations takes one
   * and a half times as long as one on real ones, so they get one pass fewer.
   *
   * @param activations the kind.
   * @param epochs passes with real activations.
   * @return passes, at least 1.
   */
  static int epochs(Activations activations, int epochs) {
    return activations == Activations.BINARY ? Math.max(1, epochs - 1) : epochs;
  }

  private static void addSource(
      ConfigXml xml, String name, ImageFolder folder, Part part, int limit) {
    xml.component(name, IdxImageSource.class)
        .property("imagesPath", absolute(folder.images(part)))
        .property("labelsPath", absolute(folder.labels(part)))
        .property("limit", limit);
  }

  /** The command line takes other paths for relative to the configuration. */
  private static Path absolute(Path file) {
    return file.toAbsolutePath().normalize();
  }
}
