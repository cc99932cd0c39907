package dev.subbit.cli.train;

import com.oracle.labs.mlrg.olcut.provenance.Provenance;
import dev.subbit.cli.files.OutputFile;
import dev.subbit.cli.report.DemoResult;
import dev.subbit.cli.report.KernelDistribution;
import dev.subbit.cli.report.TrainingPage;
import dev.subbit.cli.report.TrainingReport;
import dev.subbit.cli.report.TrainingReport.LayerKernels;
import dev.subbit.cli.terminal.UserError;
import dev.subbit.onnx.PackedConvWeights;
import dev.subbit.tribuo.SubBitModel;
import dev.subbit.tribuo.evaluation.ConfusionMatrix;
import dev.subbit.tribuo.network.Network;
import dev.subbit.tribuo.network.TrainedNetwork;
import dev.subbit.tribuo.training.metrics.EpochMetrics;
import dev.subbit.tribuo.training.metrics.TrainingEnd;
import dev.subbit.tribuo.training.metrics.TrainingListener;
import dev.subbit.tribuo.training.metrics.TrainingStart;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;
import java.util.logging.Logger;
import org.tribuo.DataSource;
import org.tribuo.Dataset;
import org.tribuo.classification.Label;
import org.tribuo.provenance.ModelProvenance;
import org.tribuo.provenance.TrainerProvenance;

/**
 * Records what the report of a training needs, while the training runs, and writes the report after
 * every epoch. Where it cannot be written, there is one warning, and the training continues.
 */
final class TrainingRecord implements TrainingListener {

  private static final Logger logger = Logger.getLogger(TrainingRecord.class.getName());

  private final Path file;
  private final TrainerProvenance trainer;
  private final Dataset<Label> images;
  private final List<EpochMetrics> epochs = new ArrayList<>();
  private final List<String> stages = new ArrayList<>();
  private TrainingEnd end;
  private boolean warned;

  /**
   * Makes a record.
   *
   * @param file the report.
   * @param trainer the provenance of the trainer.
   * @param images the images that it trains on.
   */
  TrainingRecord(Path file, TrainerProvenance trainer, Dataset<Label> images) {
    this.file = file;
    this.trainer = trainer;
    this.images = images;
  }

  @Override
  public void started(TrainingStart start) {
    epochs.clear();
    epochs.addAll(start.history());
    stages.clear();
    for (String stage : start.stages()) {
      // Stages that train the same thing are told apart by their number.
      stages.add(
          stages.contains(stage)
              ? String.format(Locale.ROOT, "%s (stage %d)", stage, stages.size() + 1)
              : stage);
    }
  }

  @Override
  public void epochFinished(EpochMetrics metrics) {
    epochs.add(metrics);
  }

  @Override
  public void epochFinished(EpochMetrics metrics, Supplier<TrainingEnd> soFar) {
    epochFinished(metrics);
    if (metrics.epoch() < metrics.epochs()) {
      try {
        TrainingEnd now = soFar.get();
        write(
            report(
                now.network(),
                now,
                metrics.epochs(),
                images.getSourceProvenance(),
                trainer,
                "",
                null));
      } catch (UserError e) {
        if (!warned) {
          warned = true;
          logger.warning(e.getMessage() + " Training continues");
        }
      }
    }
  }

  @Override
  public void finished(TrainingEnd trainingEnd) {
    end = trainingEnd;
  }

  /**
   * Writes the report of the training that is over.
   *
   * @param model the trained model.
   * @param testSource where the test images came from, or null where there are none.
   * @param test the evaluation of the model on them, or null where there are none.
   */
  void write(SubBitModel model, DataSource<Label> testSource, ConfusionMatrix test) {
    ModelProvenance provenance = model.getProvenance();
    write(
        report(
            model.network(),
            end,
            epochs.size(),
            provenance.getDatasetProvenance().getSourceProvenance(),
            provenance.getTrainerProvenance(),
            testSource == null ? "" : ProvenanceText.line(testSource.getProvenance()),
            test));
  }

  private void write(TrainingReport report) {
    String page = TrainingPage.render(report);
    OutputFile.write(file, out -> out.write(page.getBytes(StandardCharsets.UTF_8)));
  }

  private TrainingReport report(
      TrainedNetwork network,
      TrainingEnd now,
      int plannedEpochs,
      Provenance source,
      TrainerProvenance settings,
      String testSource,
      ConfusionMatrix test) {
    return new TrainingReport(
        network,
        new TrainingReport.Images(
            ProvenanceText.line(source), now.trainingImages(), now.validationImages(), testSource),
        history(),
        plannedEpochs,
        now.modelEpoch(),
        kernels(now),
        test,
        ProvenanceText.settings(settings),
        epochs.stream().mapToDouble(EpochMetrics::seconds).sum(),
        DemoResult.Host.current());
  }

  private List<TrainingReport.Epoch> history() {
    List<TrainingReport.Epoch> history = new ArrayList<>();
    for (EpochMetrics epoch : epochs) {
      history.add(
          new TrainingReport.Epoch(
              stages.get(epoch.stage() - 1),
              epoch.loss(),
              epoch.accuracy(),
              epoch.validation().map(v -> v.accuracy()).orElse(Double.NaN),
              epoch.learningRate(),
              epoch.imagesPerSecond()));
    }
    return history;
  }

  private static List<LayerKernels> kernels(TrainingEnd now) {
    List<LayerKernels> layers = new ArrayList<>();
    for (Network.Node node : now.network().network().nodes()) {
      PackedConvWeights weights = now.network().packed().get(node.name());
      if (weights != null) {
        String latent = node.name() + "/weight";
        layers.add(
            new LayerKernels(
                node.name(),
                KernelDistribution.ofSigns(now.initial().get(latent)),
                KernelDistribution.ofSigns(now.parameters().get(latent)),
                weights.codebook()));
      }
    }
    return layers;
  }
}
