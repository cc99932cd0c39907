package dev.subbit.cli.files;

import dev.subbit.cli.terminal.UserError;
import dev.subbit.tribuo.data.ImageDataset;
import dev.subbit.tribuo.data.ImageSource;
import org.tribuo.ConfigurableDataSource;
import org.tribuo.DataSource;
import org.tribuo.Dataset;
import org.tribuo.MutableDataset;
import org.tribuo.classification.Label;

/** The images that a configuration names. */
public final class ConfiguredImages {

  private ConfiguredImages() {}

  /**
   * Finds a source of images.
   *
   * @param components the configuration.
   * @param name the source's component.
   * @param option the option that names it, for messages.
   * @return the source.
   * @throws UserError if there is none, or its files are missing or damaged.
   */
  @SuppressWarnings("unchecked") // SubBitTrainer checks the type of the outputs
  public static DataSource<Label> source(ConfigFile components, String name, String option) {
    return components.component(name, ConfigurableDataSource.class, "image source", option);
  }

  /**
   * Makes a dataset to train on.
   *
   * @param source the images.
   * @return a dataset that leaves images in their files, where the source does.
   */
  public static Dataset<Label> dataset(DataSource<Label> source) {
    return source instanceof ImageSource images
        ? new ImageDataset(images)
        : new MutableDataset<>(source);
  }
}
