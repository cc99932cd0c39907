package dev.subbit.cli.demo;

import dev.subbit.cli.files.ConfigFile;
import dev.subbit.cli.report.DemoResult.Epoch;
import dev.subbit.cli.terminal.Progress;
import dev.subbit.cli.terminal.TrainingDisplay;
import dev.subbit.tribuo.SubBitModel;
import dev.subbit.tribuo.data.IdxImageSource;
import dev.subbit.tribuo.network.Layer.Activations;
import dev.subbit.tribuo.training.SubBitTrainer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.tribuo.MutableDataset;

/**
 * Runs the demo's two trainings one after the other on all threads: TensorFlow has one pool of
 * threads per process, so that side by side they would only get in each other's way.
 */
final class DemoTrainings {

  /**
   * A trained model.
   *
   * @param model the model.
   * @param epochs the results of its training's epochs.
   */
  record Trained(SubBitModel model, List<Epoch> epochs) {}

  private DemoTrainings() {}

  /**
   * Trains by the demo's configuration, once for each kind of activations.
   *
   * @param config the configuration.
   * @param images the training images.
   * @param progress shows the progress of a training.
   * @return the models.
   */
  static Map<Activations, Trained> run(
      Path config, IdxImageSource images, Function<String, Progress> progress) {
    Map<Activations, Trained> trained = new EnumMap<>(Activations.class);
    for (Activations activations : Activations.values()) {
      trained.put(activations, train(config, activations, images, progress));
    }
    return trained;
  }

  private static Trained train(
      Path config,
      Activations activations,
      IdxImageSource images,
      Function<String, Progress> progress) {
    List<Epoch> epochs = new ArrayList<>();
    String name = DemoConfig.trainerName(activations);
    try (ConfigFile components = new ConfigFile(config, Map.of());
        TrainingDisplay display = new TrainingDisplay(progress.apply("Training " + name))) {
      SubBitTrainer trainer = components.component(name, SubBitTrainer.class, "trainer", "");
      trainer.addListener(
          epoch ->
              epochs.add(
                  new Epoch(
                      epoch.epoch(), epoch.loss(), epoch.accuracy(), epoch.imagesPerSecond())));
      trainer.addListener(display);
      return new Trained(trainer.train(new MutableDataset<>(images)), epochs);
    }
  }
}
