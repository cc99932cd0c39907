package dev.subbit.cli.demo;

import dev.subbit.cli.files.ImageFolder;
import dev.subbit.cli.files.ImageFolder.Part;
import dev.subbit.tribuo.data.IdxImageSource;
import dev.subbit.tribuo.network.ImageShape;
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
    StringBuilder xml = new StringBuilder();
    xml.append("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")
        .append("<!-- What ./subbit demo trained; ./subbit train takes this file, too. -->\n")
        .append("<config>\n");
    appendSource(xml, "train", data.folder(), Part.TRAIN, DemoData.TRAIN_IMAGES);
    appendSource(xml, "test", data.folder(), Part.TEST, DemoData.TEST_IMAGES);
    for (Activations activations : Activations.values()) {
      appendTrainer(
          xml, activations, data.shape(), network, tau, epochs(activations, epochs), threads, seed);
    }
    return xml.append("</config>\n").toString();
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

  private static void appendSource(
      StringBuilder xml, String name, ImageFolder folder, Part part, int limit) {
    appendStart(xml, name, IdxImageSource.class);
    appendProperty(xml, "imagesPath", absolute(folder.images(part)));
    appendProperty(xml, "labelsPath", absolute(folder.labels(part)));
    appendProperty(xml, "limit", limit);
    xml.append("  </component>\n");
  }

  /** The command line takes other paths for relative to the configuration. */
  private static Path absolute(Path file) {
    return file.toAbsolutePath().normalize();
  }

  private static void appendTrainer(
      StringBuilder xml,
      Activations activations,
      ImageShape shape,
      String network,
      int tau,
      int epochs,
      int threads,
      long seed) {
    appendStart(xml, trainerName(activations), SubBitTrainer.class);
    appendProperty(xml, "network", network);
    xml.append("    <propertylist name=\"imageShape\">");
    for (int size : new int[] {shape.channels(), shape.height(), shape.width()}) {
      xml.append("<item>").append(size).append("</item>");
    }
    xml.append("</propertylist>\n");
    appendProperty(xml, "weights", "SUB_BIT");
    appendProperty(xml, "activations", activations);
    appendProperty(xml, "tau", tau);
    // There is no time for kernels that codewords could be chosen by.
    appendProperty(xml, "codebookStart", CodebookStart.RANDOM);
    appendProperty(xml, "epochs", epochs);
    appendProperty(xml, "threads", threads);
    appendProperty(xml, "seed", seed);
    xml.append("  </component>\n");
  }

  private static void appendStart(StringBuilder xml, String name, Class<?> type) {
    xml.append("  <component name=\"")
        .append(name)
        .append("\" type=\"")
        .append(type.getName())
        .append("\">\n");
  }

  private static void appendProperty(StringBuilder xml, String name, Object value) {
    xml.append("    <property name=\"")
        .append(name)
        .append("\" value=\"")
        .append(escape(value.toString()))
        .append("\"/>\n");
  }

  private static String escape(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("\"", "&quot;");
  }
}
