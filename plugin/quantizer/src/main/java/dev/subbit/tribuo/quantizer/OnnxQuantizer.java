package dev.subbit.tribuo.quantizer;

import ai.onnx.proto.OnnxMl.ModelProto;
import dev.subbit.onnx.BitPlanes;
import dev.subbit.tribuo.quantizer.fit.Codewords;
import dev.subbit.tribuo.quantizer.fit.ConvFit;
import dev.subbit.tribuo.quantizer.fit.FitSettings;
import dev.subbit.tribuo.quantizer.fit.PatchSampler;
import dev.subbit.tribuo.quantizer.fit.StagedWeights;
import dev.subbit.tribuo.quantizer.graph.ConvForms;
import dev.subbit.tribuo.quantizer.graph.ConvLayer;
import dev.subbit.tribuo.quantizer.graph.ConvScan;
import dev.subbit.tribuo.quantizer.graph.Feed;
import dev.subbit.tribuo.quantizer.graph.FloatArray;
import dev.subbit.tribuo.quantizer.graph.GraphEdits;
import dev.subbit.tribuo.quantizer.graph.GraphSession;
import dev.subbit.tribuo.quantizer.graph.Int8Weights;
import dev.subbit.tribuo.quantizer.graph.IntegerConv;
import dev.subbit.tribuo.quantizer.graph.IntegerEdits;
import dev.subbit.tribuo.quantizer.graph.LeftNode;
import dev.subbit.tribuo.quantizer.graph.PartialModel;
import dev.subbit.tribuo.quantizer.input.Calibration;
import dev.subbit.tribuo.settings.Clipping;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;

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

  /** Sums of squares of smaller values are finite in float32. */
  private static final float LARGEST_VALUE = 1e17f;

  private static final int LEAST_PATCHES = 8192;
  private static final int MOST_PATCHES = 32768;
  private static final int PATCHES_A_COLUMN = 16;

  /** Number of batches that sensitivity is measured on. */
  private static final int SENSITIVITY_FEEDS = 4;

  /** One batch in so many checks weights where patches are few. */
  private static final int CHECKED = 5;

  /** Patches that weights are checked on. */
  private static final int CHECK_PATCHES = 1024;

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
    Work work = work(model, reference, calibration, progress);
    List<SharedLayers> layers = work.layers;
    if (layers.isEmpty()) {
      return new QuantizationResult(
          model,
          List.of(),
          Map.of(),
          work.left,
          List.of(),
          List.of(),
          null,
          0,
          !calibration.heldOut().isEmpty(),
          List.of());
    }
    tuner.ifPresent(one -> one.requireTrainable(work.model, work.inOrder, calibration));
    if (!settings.choosesStages()) {
      int[] stages = new int[layers.size()];
      Arrays.fill(stages, settings.fit().stages());
      return work.withInt8(work.quantize(stages, null));
    }
    double[][] noise = work.sensitivity();
    List<int[]> path = path(layers, noise);
    if (settings.bits() != 0) {
      int[] stages =
          StageBudget.within(
              path, weightsOf(layers), settings.fit().tau(), settings.bits() + 0.005);
      return work.withInt8(work.quantize(stages, noise));
    }
    return work.withInt8(leastWithinDrop(work, path, noise));
  }

  private Work work(
      ModelProto model,
      GraphSession reference,
      Calibration calibration,
      QuantizationProgress progress) {
    ModelProto floats = ConvForms.toFloat(model, name -> !staysFloat(name));
    ConvScan scan =
        ConvScan.of(
            floats, values -> GraphSession.sizes(floats, values), settings.fit().codewords());
    List<LeftNode> left = new ArrayList<>(scan.left());
    List<SharedLayers> layers = SharedLayers.of(chosen(scan.layers(), left));
    return new Work(floats, reference, layers, left, calibration, progress);
  }

  private static long[] weightsOf(List<SharedLayers> layers) {
    return layers.stream().mapToLong(layer -> layer.first().weightCount()).toArray();
  }

  private static List<int[]> path(List<SharedLayers> layers, double[][] noise) {
    return StageBudget.path(weightsOf(layers), noise);
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
   * @param trials receives each result with its place in the list of rests; first the model without
   *     sub-bit layers.
   */
  void search(
      ModelProto model,
      GraphSession reference,
      Calibration calibration,
      QuantizationProgress progress,
      List<Rest> rests,
      BiConsumer<Rest, QuantizationResult> trials) {
    Work work = work(model, reference, calibration, progress);
    send(rests, work.stored(rests), trials);
    if (work.layers.isEmpty()) {
      return;
    }
    double[][] noise = work.sensitivity();
    List<int[]> path = path(work.layers, noise);
    int first = 0;
    int last = path.size() - 1;
    List<QuantizationResult> best = work.quantize(path.get(last), noise, rests);
    send(rests, best, trials);
    if (best.get(0).drop() > settings.maxDrop()) {
      // What fewer stages lose is drawn into the curve; it may be what a user prefers.
      first = last;
      send(rests, work.quantize(path.get(0), noise, rests), trials);
    }
    while (first < last && !deadline.isOver()) {
      int middle = (first + last) / 2;
      List<QuantizationResult> trial = work.quantize(path.get(middle), noise, rests);
      send(rests, trial, trials);
      if (trial.get(0).drop() <= settings.maxDrop()) {
        last = middle;
      } else {
        first = middle + 1;
      }
    }
  }

  private static void send(
      List<Rest> rests,
      List<QuantizationResult> results,
      BiConsumer<Rest, QuantizationResult> trials) {
    for (int i = 0; i < rests.size(); i++) {
      trials.accept(rests.get(i), results.get(i));
    }
  }

  /** Finds the fewest bits with which the outputs agree well enough, by bisection of the path. */
  private QuantizationResult leastWithinDrop(Work work, List<int[]> path, double[][] noise) {
    int first = 0;
    int last = path.size() - 1;
    QuantizationResult best = work.quantize(path.get(last), noise);
    double most = best.drop();
    if (Double.isNaN(most)) {
      throw new IllegalArgumentException(
          "No output of the model gives decisions, so that no drop can be measured; bound the bits"
              + " instead, or measure descriptors by --metric cosine");
    }
    if (most > settings.maxDrop()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "With %d stages in every layer %.2f %% of the decisions are still other ones; allow"
                  + " more stages, a larger drop or a larger tau",
              settings.fit().stages(),
              100 * most));
    }
    while (first < last && !deadline.isOver()) {
      int middle = (first + last) / 2;
      QuantizationResult trial = work.quantize(path.get(middle), noise);
      if (trial.drop() <= settings.maxDrop()) {
        best = trial;
        last = middle;
      } else {
        first = middle + 1;
      }
    }
    return best;
  }

  private boolean staysFloat(String name) {
    return settings.keepFloat().stream().anyMatch(pattern -> pattern.matcher(name).find());
  }

  /** The quantization of one model. */
  private final class Work {
    private final ModelProto model;
    private final GraphSession reference;
    private final List<SharedLayers> layers;
    private final List<ConvLayer> inOrder;
    private final List<LeftNode> left;
    private final Calibration calibration;
    private final QuantizationProgress progress;

    /** Values of the model are the same in every trial. */
    private final KeptValues wanted = new KeptValues();

    Work(
        ModelProto model,
        GraphSession reference,
        List<SharedLayers> layers,
        List<LeftNode> left,
        Calibration calibration,
        QuantizationProgress progress) {
      this.model = model;
      this.reference = reference;
      this.layers = layers;
      this.inOrder = SharedLayers.inOrder(layers);
      this.left = left;
      this.calibration = calibration;
      this.progress = progress;
    }

    /** Quantizes the layers, and stores all other weights as the settings say. */
    QuantizationResult quantize(int[] stages, double[][] noise) {
      return quantize(stages, noise, List.of(settings.rest())).get(0);
    }

    /** Quantizes the layers once, and stores all other weights in several ways. */
    List<QuantizationResult> quantize(int[] stages, double[][] noise, List<Rest> rests) {
      Map<ConvLayer, StagedWeights> done = new LinkedHashMap<>();
      ConvFit.Chosen[] chosen = new ConvFit.Chosen[layers.size()];
      long[] patches = new long[layers.size()];
      KeptValues given = new KeptValues();
      int step = 0;
      for (ConvLayer layer : inOrder) {
        progress.at(step++, inOrder.size() + 1, layer.name());
        int i = SharedLayers.indexOf(layers, layer);
        if (chosen[i] == null) {
          PatchSampler sampler = look(layers.get(i), done, given);
          patches[i] = sampler.count();
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
          PatchSampler own = sampler(layer);
          look(layer, decoded(done), given, layer.input(), own, false);
          done.put(layer, chosen[i].weights().withBiasFor(own.moments()));
        }
      }
      ModelProto trained = model;
      if (tuner.isPresent()) {
        GraphTuner.Tuned tuned = tuner.get().tune(model, done, calibration, progress);
        trained = tuned.model();
        done.putAll(tuned.layers());
      }
      progress.at(inOrder.size(), inOrder.size() + 1, "agreement");
      Map<String, Double> signals =
          LayerSignals.of(
              model,
              GraphEdits.replace(trained, done, GraphEdits.Form.DECODED),
              inOrder,
              calibration.measured());
      boolean integer = settings.activations().isPresent();
      ModelProto quantized =
          GraphEdits.replace(
              trained, done, integer ? GraphEdits.Form.STAGES : GraphEdits.Form.COMPACT);
      List<LayerResult> results = new ArrayList<>();
      for (int i = 0; i < chosen.length; i++) {
        SharedLayers shared = layers.get(i);
        results.add(
            LayerResult.of(
                shared.first(),
                shared.others(),
                chosen[i],
                patches[i],
                signals.get(shared.first().name()),
                noise == null ? new double[0] : noise[i]));
      }
      Map<String, StagedWeights> weights = new HashMap<>();
      done.forEach((layer, found) -> weights.put(layer.name(), found));
      List<QuantizationResult> forms = new ArrayList<>();
      for (Rest rest : rests) {
        forms.add(result(rest.store(quantized), results, weights));
      }
      progress.at(inOrder.size() + 1, inOrder.size() + 1, "");
      return forms;
    }

    /** Gives a model 8-bit activations, if it shall have them, and measures it. */
    private QuantizationResult result(
        ModelProto quantized, List<LayerResult> results, Map<String, StagedWeights> weights) {
      List<Feed> measured = calibration.measured();
      List<OutputAgreement> outputs = compare(quantized, measured);
      List<OutputAgreement> floatActivations = List.of();
      ModelProto model = quantized;
      if (settings.activations().isPresent()) {
        model = integer(quantized, calibration.fit(), settings.activations().get());
        floatActivations = outputs;
        outputs = compare(model, measured);
      }
      boolean heldOut = !calibration.heldOut().isEmpty();
      return new QuantizationResult(
          model,
          results,
          weights,
          left,
          outputs,
          floatActivations,
          null,
          heldOut ? calibration.heldOutSamples() : calibration.fitSamples(),
          heldOut,
          List.of());
    }

    /** The model without sub-bit layers, its weights stored in several ways. */
    List<QuantizationResult> stored(List<Rest> rests) {
      return rests.stream().map(rest -> result(rest.store(model), List.of(), Map.of())).toList();
    }

    /** The model with some layers quantized, to be run and not kept. */
    private ModelProto decoded(Map<ConvLayer, StagedWeights> done) {
      return GraphEdits.replace(model, done, GraphEdits.Form.DECODED);
    }

    /** Adds what 8-bit weights would give. */
    QuantizationResult withInt8(QuantizationResult result) {
      ModelProto int8 = Int8Weights.store(model);
      Int8Twin twin = new Int8Twin(int8.getSerializedSize(), compare(int8, calibration.measured()));
      return new QuantizationResult(
          result.model(),
          result.layers(),
          result.weights(),
          result.left(),
          result.outputs(),
          result.floatActivations(),
          twin,
          result.measured(),
          result.heldOut(),
          List.of());
    }

    /**
     * Measures for each layer the noise on the outputs if it alone is quantized, with 1, 2, ...
     * stages.
     */
    double[][] sensitivity() {
      double[][] noise = new double[layers.size()][];
      Arrays.setAll(noise, i -> new double[mostStages(layers.get(i).first())]);
      List<Feed> few = first(calibration.measured(), SENSITIVITY_FEEDS);
      KeptValues given = new KeptValues();
      for (int i = 0; i < noise.length && !deadline.isOver(); i++) {
        progress.at(i, noise.length, "sensitivity of " + layers.get(i).first().name());
        PatchSampler sampler = look(layers.get(i), Map.of(), given);
        for (int stages = 1; stages <= noise[i].length; stages++) {
          StagedWeights weights =
              ConvFit.fit(
                      layers.get(i).first().weights(),
                      layers.get(i).first().shape(),
                      sampler.moments(),
                      settings.fit().withStages(stages),
                      sampler.check())
                  .weights();
          Map<ConvLayer, StagedWeights> one = new LinkedHashMap<>();
          layers.get(i).layers().forEach(layer -> one.put(layer, weights));
          for (OutputAgreement output : compare(decoded(one), few)) {
            double signalToNoise = output.getSignalToNoise();
            if (!Double.isNaN(signalToNoise)) {
              noise[i][stages - 1] += Math.pow(10, -signalToNoise / 10);
            }
          }
        }
      }
      return noise;
    }

    /**
     * Runs the layers quantized so far and the float model, and records the inputs and the wanted
     * outputs of convolutions that share their weights.
     */
    private PatchSampler look(
        SharedLayers shared, Map<ConvLayer, StagedWeights> done, KeptValues given) {
      ModelProto quantized = decoded(done);
      ConvLayer first = shared.first();
      PatchSampler sampler = sampler(first);
      look(first, quantized, given, first.input(), sampler, true);
      List<PatchSampler> others = new ArrayList<>();
      for (ConvLayer other : shared.layers().subList(1, shared.layers().size())) {
        // What it reads is not final as long as layers between are float.
        PatchSampler own = sampler(other);
        look(other, quantized, given, null, own, true);
        others.add(own);
      }
      if (!others.isEmpty()) {
        sampler.pool(others);
      }
      return sampler;
    }

    private PatchSampler sampler(ConvLayer layer) {
      return new PatchSampler(
          layer.outChannels(),
          layer.inChannels(),
          layer.kernelHeight(),
          layer.kernelWidth(),
          layer.vectorWidth(),
          layer.attributes(),
          settings.fit().seed());
    }

    private void look(
        ConvLayer layer,
        ModelProto quantized,
        KeptValues given,
        String keep,
        PatchSampler sampler,
        boolean checks) {
      int columns = layer.rowSize();
      int patches = Math.max(LEAST_PATCHES, Math.min(MOST_PATCHES, PATCHES_A_COLUMN * columns));
      List<Feed> feeds = calibration.fit();
      int each = (patches + feeds.size() - 1) / feeds.size();
      List<String> before = List.of(layer.input());
      List<String> around = List.of(layer.input(), layer.output());
      try (KeptValues.Run first = given.open(quantized, before, keep);
          KeptValues.Run second = wanted.open(model, around, layer.input())) {
        long image = 0;
        for (Feed feed : feeds) {
          FloatArray x = first.run(feed).get(PartialModel.outputName(layer.input()));
          FloatArray y = second.run(feed).get(PartialModel.outputName(layer.output()));
          requireFinite(layer, x);
          requireFinite(layer, y);
          long pixels = y.values().length / layer.outChannels();
          long expected = Math.min(each, pixels) * feeds.size();
          boolean few = checks && expected < LayerResult.enoughPatches(layer.rowSize());
          if (few) {
            addWithCheck(sampler, x, y, image, each);
            image += size(x, 0);
          } else {
            sampler.add(x.values(), size(x, 2), size(x, 3), y.values(), each);
          }
        }
      }
    }

    /** Adds the images of a batch, and holds one in a few out to check weights on. */
    private void addWithCheck(
        PatchSampler sampler, FloatArray x, FloatArray y, long first, int patches) {
      int images = size(x, 0);
      int ofX = x.values().length / images;
      int ofY = y.values().length / images;
      int each = (patches + images - 1) / images;
      int checked = Math.max(1, CHECK_PATCHES * CHECKED / calibration.fitSamples());
      for (int i = 0; i < images; i++) {
        float[] oneX = Arrays.copyOfRange(x.values(), i * ofX, (i + 1) * ofX);
        float[] oneY = Arrays.copyOfRange(y.values(), i * ofY, (i + 1) * ofY);
        if ((first + i) % CHECKED == CHECKED - 1) {
          sampler.addToCheck(oneX, size(x, 2), size(x, 3), oneY, checked);
        } else {
          sampler.add(oneX, size(x, 2), size(x, 3), oneY, each);
        }
      }
    }

    private List<OutputAgreement> compare(ModelProto quantized, List<Feed> feeds) {
      Map<String, OutputAgreement> agreements = new LinkedHashMap<>();
      for (String output : reference.outputs()) {
        agreements.put(
            output, new OutputAgreement(output, reference.isDiscrete(output), settings.metric()));
      }
      try (GraphSession given = new GraphSession(quantized)) {
        for (Feed feed : feeds) {
          Map<String, FloatArray> before = reference.run(feed);
          Map<String, FloatArray> after = given.run(feed);
          agreements.forEach(
              (output, agreement) -> {
                if (before.containsKey(output) && after.containsKey(output)) {
                  agreement.add(before.get(output), after.get(output), feed.samples());
                } else {
                  agreement.cannotCompare("it is not a tensor of numbers");
                }
              });
        }
      }
      return List.copyOf(agreements.values());
    }
  }

  private static int size(FloatArray array, int axis) {
    return Math.toIntExact(array.shape()[axis]);
  }

  private static List<Feed> first(List<Feed> feeds, int count) {
    return feeds.subList(0, Math.min(count, feeds.size()));
  }

  /** Gives the sub-bit convolutions 8-bit activations. */
  private static ModelProto integer(ModelProto model, Iterable<Feed> feeds, Clipping clipping) {
    List<IntegerConv> convs = IntegerConv.of(model);
    List<String> values = IntegerEdits.valuesWithoutRange(convs);
    return IntegerEdits.replace(model, convs, ActivationRanges.of(model, values, feeds, clipping));
  }

  private List<ConvLayer> chosen(List<ConvLayer> layers, List<LeftNode> left) {
    List<ConvLayer> chosen = new ArrayList<>();
    for (ConvLayer layer : layers) {
      if (staysFloat(layer.name())) {
        left.add(new LeftNode(layer.name(), "Conv", "it was asked to stay float"));
      } else if (!settings.atALoss() && layer.inChannels() == 1) {
        left.add(
            new LeftNode(
                layer.name(),
                "Conv",
                "each of its kernels would have a scale of its own, as in depthwise convolutions"));
      } else if (!settings.atALoss() && mostStages(layer) < leastStages()) {
        left.add(
            new LeftNode(
                layer.name(),
                "Conv",
                String.format(
                    Locale.ROOT,
                    "it would take %,d bytes, and int8 weights %,d",
                    bytes(layer, leastStages()),
                    int8Bytes(layer))));
      } else {
        chosen.add(layer);
      }
    }
    return chosen;
  }

  private int leastStages() {
    return settings.choosesStages() ? 1 : settings.fit().stages();
  }

  /** The most stages, within the settings, in which a layer takes less than with int8 weights. */
  private int mostStages(ConvLayer layer) {
    int stages = settings.fit().stages();
    while (!settings.atALoss() && stages > 0 && bytes(layer, stages) >= int8Bytes(layer)) {
      stages--;
    }
    return stages;
  }

  private long bytes(ConvLayer layer, int stages) {
    int tau = settings.fit().tau();
    int width = layer.vectorWidth();
    int vectors = (layer.rowSize() + width - 1) / width;
    long index = (long) tau * BitPlanes.planeBytes(layer.outChannels() * vectors);
    long scale = (long) Float.BYTES * layer.outChannels();
    return stages * (index + ((long) width << tau) + scale) + scale;
  }

  /** Bytes of a layer with int8 weights, a scale for each output channel, and biases. */
  private static long int8Bytes(ConvLayer layer) {
    return layer.weightCount() + 2L * Float.BYTES * layer.outChannels();
  }

  private static void requireFinite(ConvLayer layer, FloatArray array) {
    for (float value : array.values()) {
      if (!(Math.abs(value) < LARGEST_VALUE)) {
        throw new IllegalArgumentException(
            "At layer '"
                + layer.name()
                + "' the model has the value "
                + value
                + " on a calibration input; a model whose values overflow cannot be quantized, nor"
                + " one whose squares do. Scale the calibration inputs as the model expects them");
      }
    }
  }
}
