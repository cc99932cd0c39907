package dev.subbit.cli.train;

import dev.subbit.cli.report.DemoResult;
import dev.subbit.cli.report.KernelDistribution;
import dev.subbit.cli.report.TrainingReport;
import dev.subbit.cli.report.TrainingReport.LayerKernels;
import dev.subbit.onnx.PackedConvWeights;
import dev.subbit.tribuo.SubBitModel;
import dev.subbit.tribuo.evaluation.ConfusionMatrix;
import dev.subbit.tribuo.network.Network;
import dev.subbit.tribuo.training.metrics.EpochMetrics;
import dev.subbit.tribuo.training.metrics.TrainingEnd;
import dev.subbit.tribuo.training.metrics.TrainingListener;
import dev.subbit.tribuo.training.metrics.TrainingStart;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.tribuo.DataSource;
import org.tribuo.classification.Label;

/** Records what the report of a training needs, while the training runs. */
final class TrainingRecord implements TrainingListener {

  private final List<EpochMetrics> epochs = new ArrayList<>();
  private final List<String> stages = new ArrayList<>();
  private TrainingEnd end;

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
  public void finished(TrainingEnd trainingEnd) {
    end = trainingEnd;
  }

  /**
   * The report of the training that is over.
   *
   * @param model the trained model.
   * @param testSource where the test images came from, or null where there are none.
   * @param test the evaluation of the model on them, or null where there are none.
   * @return the report.
   */
  TrainingReport report(SubBitModel model, DataSource<Label> testSource, ConfusionMatrix test) {
    return new TrainingReport(
        model.network(),
        new TrainingReport.Images(
            ProvenanceText.line(model.getProvenance().getDatasetProvenance().getSourceProvenance()),
            end.trainingImages(),
            end.validationImages(),
            testSource == null ? "" : ProvenanceText.line(testSource.getProvenance())),
        history(),
        end.modelEpoch(),
        kernels(),
        test,
        ProvenanceText.settings(model.getProvenance().getTrainerProvenance()),
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

  private List<LayerKernels> kernels() {
    List<LayerKernels> layers = new ArrayList<>();
    for (Network.Node node : end.network().network().nodes()) {
      PackedConvWeights weights = end.network().packed().get(node.name());
      if (weights != null) {
        String latent = node.name() + "/weight";
        layers.add(
            new LayerKernels(
                node.name(),
                KernelDistribution.ofSigns(end.initial().get(latent)),
                KernelDistribution.ofSigns(end.parameters().get(latent)),
                weights.codebook()));
      }
    }
    return layers;
  }
}
