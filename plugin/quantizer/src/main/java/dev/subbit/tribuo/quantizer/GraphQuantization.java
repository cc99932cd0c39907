package dev.subbit.tribuo.quantizer;

import ai.onnx.proto.OnnxMl.ModelProto;
import dev.subbit.tribuo.quantizer.fit.ConvFit;
import dev.subbit.tribuo.quantizer.fit.FitSettings;
import dev.subbit.tribuo.quantizer.fit.PatchSampler;
import dev.subbit.tribuo.quantizer.fit.StagedWeights;
import dev.subbit.tribuo.quantizer.graph.BodyValues;
import dev.subbit.tribuo.quantizer.graph.ConvForms;
import dev.subbit.tribuo.quantizer.graph.ConvLayer;
import dev.subbit.tribuo.quantizer.graph.ConvScan;
import dev.subbit.tribuo.quantizer.graph.Feed;
import dev.subbit.tribuo.quantizer.graph.GraphEdits;
import dev.subbit.tribuo.quantizer.graph.GraphSession;
import dev.subbit.tribuo.quantizer.graph.Int8Weights;
import dev.subbit.tribuo.quantizer.graph.IntegerConv;
import dev.subbit.tribuo.quantizer.graph.IntegerEdits;
import dev.subbit.tribuo.quantizer.graph.LeftNode;
import dev.subbit.tribuo.quantizer.input.Calibration;
import dev.subbit.tribuo.settings.Clipping;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The quantization of one model, with any number of stages of each layer, as often as a search
 * needs it. Not safe for use by many threads.
 */
final class GraphQuantization {

  /** Samples that a model is measured on besides those held out, if none was fitted to. */
  private static final int UNFITTED_SAMPLES = 2000;

  /** Number of batches that sensitivity is measured on. */
  private static final int SENSITIVITY_FEEDS = 4;

  private final QuantizationSettings settings;
  private final Deadline deadline;
  private final Optional<GraphTuner> tuner;
  private final LayerChoice choice;
  private final ModelProto model;

  /** The model with the values of all layers in its main graph, to be run and not kept. */
  private final ModelProto observable;

  private final List<SharedLayers> layers;
  private final List<ConvLayer> inOrder;
  private final List<LeftNode> left;
  private final Calibration calibration;
  private final QuantizationProgress progress;
  private final LayerPatches patches;
  private final ModelComparison comparison;

  /**
   * Finds the layers.
   *
   * @param model the model, its data inside and its operator set new enough.
   * @param reference the untouched model.
   * @param calibration the inputs.
   * @param settings the form that the model is given.
   * @param deadline where it is over, layers take the weights nearest to the float ones.
   * @param tuner trains what was fitted.
   * @param progress receives the progress.
   */
  GraphQuantization(
      ModelProto model,
      GraphSession reference,
      Calibration calibration,
      QuantizationSettings settings,
      Deadline deadline,
      Optional<GraphTuner> tuner,
      QuantizationProgress progress) {
    this.settings = settings;
    this.deadline = deadline;
    this.tuner = tuner;
    this.calibration = calibration;
    this.progress = progress;
    this.choice = new LayerChoice(settings);
    ModelProto floats = ConvForms.toFloat(model, name -> !choice.staysFloat(name));
    ConvScan scan =
        ConvScan.of(
            floats, values -> GraphSession.sizes(floats, values), settings.fit().codewords());
    this.left = new ArrayList<>(scan.left());
    BodyLayers bodies = new BodyLayers(floats, calibration);
    this.layers =
        SharedLayers.of(
            tuner.isPresent()
                ? bodies.without(choice.of(scan.layers(), left), left)
                : bodies.observable(choice.of(scan.layers(), left), left));
    this.inOrder = SharedLayers.inOrder(layers);
    this.model = layers.isEmpty() ? model : floats;
    this.observable = BodyValues.expose(floats, inOrder);
    this.patches = new LayerPatches(observable, calibration, settings.fit().seed());
    this.comparison = new ModelComparison(reference, settings.metric());
    tuner.ifPresent(one -> one.requireTrainable(floats, inOrder, calibration));
  }

  /** The layers that become sub-bit, in the order of the graph. */
  List<SharedLayers> layers() {
    return layers;
  }

  /** Number of weights of each of {@link #layers}. */
  long[] weights() {
    return layers.stream().mapToLong(layer -> layer.first().weightCount()).toArray();
  }

  /**
   * Layers with their new weights.
   *
   * @param trained the float model, with new numbers in initializers where it was trained.
   * @param weights the new weights, in order.
   * @param chosen for each of {@link #layers}, where they come from.
   * @param patches for each of {@link #layers}, the number of patches.
   * @param noise for each of {@link #layers}, its sensitivity; null if it was not measured.
   */
  record Fitted(
      ModelProto trained,
      Map<ConvLayer, StagedWeights> weights,
      List<ConvFit.Chosen> chosen,
      long[] patches,
      double[][] noise) {}

  /** A model as it could be written. */
  final class Candidate {
    private final Fitted fitted;
    private final ModelProto floatActivations;
    private final ModelProto result;

    private Candidate(Fitted fitted, ModelProto floatActivations) {
      this.fitted = fitted;
      this.floatActivations = floatActivations;
      this.result =
          settings
              .activations()
              .filter(how -> hasLayers())
              .map(how -> integer(floatActivations, calibration.fit(), how.clipping()))
              .orElse(floatActivations);
    }

    ModelProto model() {
      return result;
    }

    /** Whether some of its layers are sub-bit. */
    boolean hasLayers() {
      return !fitted.weights.isEmpty();
    }

    /** Bits of the indices per weight of its sub-bit layers; 0 without them. */
    double bitsPerWeight() {
      double bits = 0;
      double weights = 0;
      for (int i = 0; i < fitted.chosen.size(); i++) {
        int own = layers.get(i).first().weightCount();
        bits += own * fitted.chosen.get(i).weights().weights().size().indexBitsPerWeight();
        weights += own;
      }
      return weights > 0 ? bits / weights : 0;
    }

    /** How far its outputs agree on the samples that choices are made by. */
    List<OutputAgreement> onChoice() {
      return comparison.with(result, calibration.toChooseBy());
    }

    /** Measures it on samples that nothing was fitted to and nothing was chosen by. */
    QuantizationResult report() {
      progress.at(inOrder.size(), inOrder.size() + 1, "agreement");
      Calibration samples = hasLayers() ? calibration : calibration.unfitted(UNFITTED_SAMPLES);
      List<Feed> measured = samples.measured();
      List<OutputAgreement> outputs = comparison.with(result, measured);
      List<OutputAgreement> floats =
          result == floatActivations ? List.of() : comparison.with(floatActivations, measured);
      ModelProto int8 = Int8Weights.store(model);
      Int8Twin twin = new Int8Twin(int8.getSerializedSize(), comparison.with(int8, measured));
      boolean heldOut = !samples.heldOut().isEmpty();
      progress.at(inOrder.size() + 1, inOrder.size() + 1, "");
      return new QuantizationResult(
          result,
          results(),
          byName(fitted.weights),
          left,
          outputs,
          floats,
          twin,
          heldOut ? samples.heldOutSamples() : samples.fitSamples(),
          heldOut,
          0,
          List.of());
    }

    private List<LayerResult> results() {
      if (fitted.weights.isEmpty()) {
        return List.of();
      }
      Map<String, Double> signals =
          LayerSignals.of(
              observable,
              GraphEdits.replace(
                  BodyValues.expose(fitted.trained, inOrder),
                  fitted.weights,
                  GraphEdits.Form.DECODED),
              inOrder,
              calibration.measured());
      List<LayerResult> results = new ArrayList<>();
      for (int i = 0; i < layers.size(); i++) {
        ConvLayer first = layers.get(i).first();
        results.add(
            LayerResult.of(
                first,
                layers.get(i).others(),
                fitted.chosen.get(i),
                settings.form(),
                fitted.patches[i],
                signals.get(first.name()),
                fitted.noise == null ? new double[0] : fitted.noise[i]));
      }
      return results;
    }
  }

  /** The model if no layer can be converted: the same object, which is not measured. */
  QuantizationResult unchanged() {
    return new QuantizationResult(
        model,
        List.of(),
        Map.of(),
        left,
        List.of(),
        List.of(),
        null,
        0,
        !calibration.heldOut().isEmpty(),
        0,
        List.of());
  }

  /** The model without sub-bit layers, its weights stored as said. */
  Candidate without(Rest rest) {
    return new Candidate(
        new Fitted(model, Map.of(), List.of(), new long[0], null), rest.store(model));
  }

  /** The model with sub-bit layers, all other weights stored as said. */
  Candidate with(Fitted fitted, Rest rest) {
    ModelProto quantized = GraphEdits.replace(fitted.trained, fitted.weights, settings.form());
    return new Candidate(fitted, rest.store(quantized));
  }

  /**
   * Fits all layers, from front to back, and trains them if that is wanted.
   *
   * @param stages for each of {@link #layers}.
   * @param noise its sensitivity, to be kept; null if it was not measured.
   * @return the layers with their weights.
   */
  Fitted fit(int[] stages, double[][] noise) {
    Map<ConvLayer, StagedWeights> done = new LinkedHashMap<>();
    ConvFit.Chosen[] chosen = new ConvFit.Chosen[layers.size()];
    long[] counts = new long[layers.size()];
    KeptValues given = new KeptValues();
    int step = 0;
    for (ConvLayer layer : inOrder) {
      progress.at(step++, inOrder.size() + 1, layer.name());
      int i = SharedLayers.indexOf(layers, layer);
      if (chosen[i] == null) {
        PatchSampler sampler = patches.of(layers.get(i), decoded(done), given);
        counts[i] = sampler.count();
        FitSettings fit = settings.fit().withStages(stages[i]);
        chosen[i] =
            deadline.isOver()
                ? ConvFit.nearest(layer.weights(), layer.shape(), sampler.moments(), fit)
                : ConvFit.fit(
                    layer.weights(), layer.shape(), sampler.moments(), fit, sampler.check());
        for (ConvLayer each : layers.get(i).layers()) {
          done.put(each, chosen[i].weights());
        }
      }
      if (layers.get(i).layers().size() > 1) {
        // Errors of the layers before are other ones than where the weights were fitted.
        PatchSampler own = patches.of(layer, decoded(done), given);
        done.put(layer, chosen[i].weights().withBiasFor(own.moments()));
      }
    }
    ModelProto trained = model;
    if (tuner.isPresent()) {
      GraphTuner.Tuned tuned = tuner.get().tune(model, done, calibration, progress);
      trained = tuned.model();
      done.putAll(tuned.layers());
    }
    return new Fitted(trained, done, List.of(chosen), counts, noise);
  }

  /**
   * Measures for each layer the noise on the outputs if it alone is quantized, with 1, 2, ...
   * stages.
   */
  double[][] sensitivity() {
    double[][] noise = new double[layers.size()][];
    Arrays.setAll(noise, i -> new double[choice.mostStages(layers.get(i).first())]);
    List<Feed> all = calibration.toChooseBy();
    List<Feed> few = all.subList(0, Math.min(SENSITIVITY_FEEDS, all.size()));
    KeptValues given = new KeptValues();
    for (int i = 0; i < noise.length && !deadline.isOver(); i++) {
      ConvLayer first = layers.get(i).first();
      progress.at(i, noise.length, "sensitivity of " + first.name());
      PatchSampler sampler = patches.of(layers.get(i), observable, given);
      for (int stages = 1; stages <= noise[i].length; stages++) {
        StagedWeights weights =
            ConvFit.fit(
                    first.weights(),
                    first.shape(),
                    sampler.moments(),
                    settings.fit().withStages(stages),
                    sampler.check())
                .weights();
        Map<ConvLayer, StagedWeights> one = new LinkedHashMap<>();
        layers.get(i).layers().forEach(layer -> one.put(layer, weights));
        for (OutputAgreement output : comparison.with(decoded(one), few)) {
          double signalToNoise = output.getSignalToNoise();
          if (!Double.isNaN(signalToNoise)) {
            noise[i][stages - 1] += Math.pow(10, -signalToNoise / 10);
          }
        }
      }
    }
    return noise;
  }

  /** The model with some layers quantized, to be run and not kept. */
  private ModelProto decoded(Map<ConvLayer, StagedWeights> done) {
    return GraphEdits.replace(observable, done, GraphEdits.Form.DECODED);
  }

  private static Map<String, StagedWeights> byName(Map<ConvLayer, StagedWeights> layers) {
    Map<String, StagedWeights> weights = new HashMap<>();
    layers.forEach((layer, found) -> weights.put(layer.name(), found));
    return weights;
  }

  /** Gives the sub-bit convolutions 8-bit activations. */
  private static ModelProto integer(ModelProto model, Iterable<Feed> feeds, Clipping clipping) {
    List<IntegerConv> convs = IntegerConv.of(model);
    List<String> values = IntegerEdits.valuesWithoutRange(convs);
    return IntegerEdits.replace(model, convs, ActivationRanges.of(model, values, feeds, clipping));
  }
}
