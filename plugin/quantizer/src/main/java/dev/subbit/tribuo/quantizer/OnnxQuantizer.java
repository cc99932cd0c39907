package dev.subbit.tribuo.quantizer;

import ai.onnx.proto.OnnxMl.ModelProto;
import dev.subbit.tribuo.quantizer.fit.Codewords;
import dev.subbit.tribuo.quantizer.graph.GraphSession;
import dev.subbit.tribuo.quantizer.input.Calibration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Turns the convolutions of any ONNX model into sub-bit ones, without training: those with 3x3
 * kernels, or of codewords of numbers all of them.
 *
 * <p>Layer by layer from the front: each layer is fitted so that, on the outputs of the quantized
 * layers before it, it comes as close as possible to the float model's values there. So a layer
 * also makes up for the errors before it. One layer's statistics are in memory at a time.
 * Convolutions that share their weights are fitted together and go on sharing them.
 *
 * <p>What is measured is measured on samples that nothing was fitted to, against the untouched
 * model.
 *
 * <p>The result is determined by the arguments and the machine. Instances are safe for use by many
 * threads.
 */
public final class OnnxQuantizer {

  private final QuantizationSettings settings;
  private final Deadline deadline;
  private final Optional<GraphTuner> tuner;

  /**
   * Makes a quantizer that does not train, and takes its time.
   *
   * @param settings the form that models are given.
   */
  public OnnxQuantizer(QuantizationSettings settings) {
    this(settings, Deadline.NONE);
  }

  /**
   * Makes a quantizer that does not train.
   *
   * @param settings the form that models are given.
   * @param deadline as below.
   */
  public OnnxQuantizer(QuantizationSettings settings, Deadline deadline) {
    this(settings, deadline, Optional.empty());
  }

  /**
   * Makes a quantizer.
   *
   * @param settings the form that models are given.
   * @param deadline where it is over, no more stages are tried, and layers that were not fitted yet
   *     take the weights nearest to the float ones.
   * @param tuner trains what was fitted; empty for the fit alone.
   * @throws IllegalArgumentException if what is fitted cannot be trained: the settings bound the
   *     drop, which is not searched for by many trainings, or codewords are not of signs.
   */
  public OnnxQuantizer(
      QuantizationSettings settings, Deadline deadline, Optional<GraphTuner> tuner) {
    if (tuner.isPresent() && settings.maxDrop() >= 0) {
      throw new IllegalArgumentException(
          "The fewest stages within a drop are found by many quantizations, which are not trained;"
              + " bound the bits instead, or give the stages");
    }
    if (tuner.isPresent() && settings.fit().codewords() != Codewords.SIGNS) {
      throw new IllegalArgumentException(
          "Codewords of numbers are fitted and not trained; train with those of signs");
    }
    this.settings = settings;
    this.deadline = deadline;
    this.tuner = tuner;
  }

  /**
   * Quantizes an ONNX model that is the reference for itself.
   *
   * @param model the model, without functions of its own, its data inside and its operator set new
   *     enough.
   * @param calibration the inputs.
   * @param progress receives the progress.
   * @return as below.
   * @throws IllegalArgumentException as below.
   */
  public QuantizationResult quantize(
      ModelProto model, Calibration calibration, QuantizationProgress progress) {
    try (GraphSession reference = new GraphSession(model)) {
      return quantize(model, reference, calibration, progress);
    }
  }

  /**
   * Quantizes an ONNX model.
   *
   * @param model the model, its data inside and its operator set new enough.
   * @param reference the untouched model, which results are compared with.
   * @param calibration the inputs, at least one batch to fit to; gone through twice for every
   *     layer.
   * @param progress receives the progress.
   * @return the quantized model and the results for its layers; the same model object if no layer
   *     can be converted.
   * @throws IllegalArgumentException if the model cannot be run on the inputs, gives numbers there
   *     that are not finite, or cannot be brought within the largest drop.
   */
  public QuantizationResult quantize(
      ModelProto model,
      GraphSession reference,
      Calibration calibration,
      QuantizationProgress progress) {
    GraphQuantization graph = graph(model, reference, calibration, progress);
    if (graph.layers().isEmpty()) {
      return graph.unchanged();
    }
    if (!settings.choosesStages()) {
      int[] stages = new int[graph.layers().size()];
      Arrays.fill(stages, settings.fit().stages());
      return graph.with(graph.fit(stages, null), settings.rest()).report();
    }
    double[][] noise = graph.sensitivity();
    List<int[]> path = StageBudget.path(graph.weights(), noise);
    if (settings.bits() != 0) {
      int[] stages =
          StageBudget.within(path, graph.weights(), settings.fit().tau(), settings.bits() + 0.005);
      return graph
          .with(graph.fit(stages, noise), settings.rest())
          .report()
          .chosenBy(calibration, List.of());
    }
    StageSearch search = new StageSearch(graph, path, noise, settings.maxDrop(), deadline);
    return search.fewest(settings.rest()).report().chosenBy(calibration, List.of());
  }

  /**
   * Quantizes a model with more and fewer stages, towards the fewest with which it stays within the
   * largest drop.
   *
   * @param model as for {@link #quantize}.
   * @param reference as for {@link #quantize}.
   * @param calibration as for {@link #quantize}.
   * @param progress receives the progress.
   * @param rests how all other weights are stored; the first decides whether more stages are
   *     needed.
   * @param trials receives each file that was tried; first those without sub-bit layers.
   */
  void search(
      ModelProto model,
      GraphSession reference,
      Calibration calibration,
      QuantizationProgress progress,
      List<Rest> rests,
      Consumer<StageSearch.Trial> trials) {
    GraphQuantization graph = graph(model, reference, calibration, progress);
    for (Rest rest : rests) {
      trials.accept(StageSearch.Trial.of(graph.without(rest), rest));
    }
    if (!graph.layers().isEmpty()) {
      double[][] noise = graph.sensitivity();
      List<int[]> path = StageBudget.path(graph.weights(), noise);
      new StageSearch(graph, path, noise, settings.maxDrop(), deadline).all(rests, trials);
    }
  }

  private GraphQuantization graph(
      ModelProto model,
      GraphSession reference,
      Calibration calibration,
      QuantizationProgress progress) {
    return new GraphQuantization(
        model, reference, calibration, settings, deadline, tuner, progress);
  }
}
