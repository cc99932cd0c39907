package dev.subbit.cli.report;

import dev.subbit.onnx.Codebook;
import dev.subbit.tribuo.evaluation.ConfusionMatrix;
import dev.subbit.tribuo.network.TrainedNetwork;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The content of the page about one training; see {@link TrainingPage}.
 *
 * @param network the trained network.
 * @param images what it was trained and tested on.
 * @param epochs its history, in order, one entry or more.
 * @param plannedEpochs the epochs that there will be if the training goes on to its end; as many as
 *     the history has once it is over.
 * @param modelEpoch the epoch, from 1, at whose end the network was as it is here.
 * @param kernels the latent kernels of its sub-bit layers, in the network's order; empty where they
 *     are not known.
 * @param test its evaluation on the test images, or null where there are none.
 * @param recipe the trainer's settings by name, in the order to show them in.
 * @param seconds how long it took.
 * @param host where it ran.
 */
public record TrainingReport(
    TrainedNetwork network,
    Images images,
    List<Epoch> epochs,
    int plannedEpochs,
    int modelEpoch,
    List<LayerKernels> kernels,
    ConfusionMatrix test,
    Map<String, String> recipe,
    double seconds,
    DemoResult.Host host) {

  /**
   * The images of the training.
   *
   * @param train the source of the training images.
   * @param trainImages number of images that were trained on.
   * @param validationImages number of images of that source that were kept back for validation, 0
   *     for none.
   * @param test the source of the test images; empty where there are none.
   */
  public record Images(String train, long trainImages, long validationImages, String test) {}

  /**
   * One pass over the training images.
   *
   * @param stage name of the stage, such as {@code float}; the same text for all epochs of a stage.
   * @param loss mean loss over the pass.
   * @param accuracy share of the training images classified correctly during the pass, 0 to 1.
   * @param validationAccuracy share of the validation images classified correctly after the pass, 0
   *     to 1; not a number where there are none.
   * @param learningRate the learning rate at the pass's end.
   * @param imagesPerSecond training speed.
   */
  public record Epoch(
      String stage,
      double loss,
      double accuracy,
      double validationAccuracy,
      double learningRate,
      double imagesPerSecond) {}

  /**
   * The latent kernels of a layer.
   *
   * @param layer name of its node.
   * @param before their signs before the first step.
   * @param after their signs after the last step.
   * @param codebook the layer's codebook after the last step; all layers' codebooks have one tau.
   */
  public record LayerKernels(
      String layer, KernelDistribution before, KernelDistribution after, Codebook codebook) {}

  // Copies the collections; checks the epoch.
  public TrainingReport {
    if (modelEpoch < 1 || modelEpoch > epochs.size()) {
      throw new IllegalArgumentException(
          "Epoch " + modelEpoch + " is none of the " + epochs.size() + " of the history");
    }
    epochs = List.copyOf(epochs);
    kernels = List.copyOf(kernels);
    recipe = Collections.unmodifiableMap(new LinkedHashMap<>(recipe));
  }

  /**
   * Whether the training is still under way.
   *
   * @return true if more epochs are to come.
   */
  public boolean isUnderWay() {
    return epochs.size() < plannedEpochs;
  }
}
