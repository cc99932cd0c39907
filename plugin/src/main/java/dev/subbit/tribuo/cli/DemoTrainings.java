package dev.subbit.tribuo.cli;

import dev.subbit.tribuo.EpochMetrics;
import dev.subbit.tribuo.SubBitModel;
import dev.subbit.tribuo.SubBitTrainer;
import dev.subbit.tribuo.data.IdxImageSource;
import dev.subbit.tribuo.network.Layer.Activations;
import dev.subbit.tribuo.report.DemoResult.Epoch;
import dev.subbit.tribuo.report.DemoTable;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.tribuo.MutableDataset;

/** The demo's two trainings, side by side: quicker than one after the other on the same threads. */
final class DemoTrainings {

  /**
   * A trained model.
   *
   * @param model the model.
   * @param epochs how its training went.
   */
  record Trained(SubBitModel model, List<Epoch> epochs) {}

  private DemoTrainings() {}

  /**
   * Trains by the demo's configuration, once for each kind of activations.
   *
   * @param config the configuration.
   * @param images the training images.
   * @param terminal where progress is told.
   * @return the models.
   * @throws Exception what a trainer threw.
   */
  static Map<Activations, Trained> run(Path config, IdxImageSource images, PrintWriter terminal)
      throws Exception {
    ExecutorService pool = Executors.newFixedThreadPool(Activations.values().length);
    try {
      Map<Activations, Future<Trained>> running = new EnumMap<>(Activations.class);
      for (Activations activations : Activations.values()) {
        running.put(activations, pool.submit(() -> train(config, activations, images, terminal)));
      }
      Map<Activations, Trained> trained = new EnumMap<>(Activations.class);
      for (Map.Entry<Activations, Future<Trained>> entry : running.entrySet()) {
        trained.put(entry.getKey(), entry.getValue().get());
      }
      return trained;
    } catch (ExecutionException e) {
      throw e.getCause() instanceof Exception ? (Exception) e.getCause() : e;
    } finally {
      pool.shutdownNow();
    }
  }

  private static Trained train(
      Path config, Activations activations, IdxImageSource images, PrintWriter terminal) {
    List<Epoch> epochs = new ArrayList<>();
    String name = DemoConfig.trainerName(activations);
    try (ConfigFile components = new ConfigFile(config)) {
      // Two progress bars would overwrite each other; a line an epoch is told instead.
      components.setGlobal(DemoConfig.SHOW_PROGRESS, "false");
      SubBitTrainer trainer = components.component(name, SubBitTrainer.class, "trainer", "");
      trainer.addListener(
          epoch -> {
            epochs.add(
                new Epoch(epoch.epoch(), epoch.loss(), epoch.accuracy(), epoch.imagesPerSecond()));
            tell(name, epoch, images.size(), terminal);
          });
      return new Trained(trainer.train(new MutableDataset<>(images)), epochs);
    }
  }

  private static synchronized void tell(
      String name, EpochMetrics epoch, int images, PrintWriter terminal) {
    double secondsLeft = (epoch.epochs() - epoch.epoch()) * images / epoch.imagesPerSecond();
    terminal.println(
        String.format(
            Locale.ROOT,
            "      %-6s  epoch %2d/%d  loss %.3f  accuracy %s  %,.0f images/s  %.0f s left",
            name,
            epoch.epoch(),
            epoch.epochs(),
            epoch.loss(),
            DemoTable.percent(epoch.accuracy()),
            epoch.imagesPerSecond(),
            secondsLeft));
    terminal.flush();
  }
}
