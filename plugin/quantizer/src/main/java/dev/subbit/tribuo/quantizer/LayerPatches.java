package dev.subbit.tribuo.quantizer;

import ai.onnx.proto.OnnxMl.ModelProto;
import dev.subbit.tribuo.quantizer.fit.PatchSampler;
import dev.subbit.tribuo.quantizer.graph.ConvLayer;
import dev.subbit.tribuo.quantizer.graph.Feed;
import dev.subbit.tribuo.quantizer.graph.FloatArray;
import dev.subbit.tribuo.quantizer.graph.PartialModel;
import dev.subbit.tribuo.quantizer.input.Calibration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Takes patches of what layers read in a quantized model, beside what the float model gives there:
 * all that a fit knows of the calibration inputs. Not safe for use by many threads.
 */
final class LayerPatches {

  /** Sums of squares of smaller values are finite in float32. */
  private static final float LARGEST_VALUE = 1e17f;

  private static final int LEAST_PATCHES = 8192;
  private static final int MOST_PATCHES = 32768;
  private static final int PATCHES_A_COLUMN = 16;

  /** One sample in so many checks weights where patches are few. */
  private static final int CHECKED = 5;

  /** Patches that weights are checked on. */
  private static final int CHECK_PATCHES = 1024;

  private final ModelProto model;
  private final Calibration calibration;
  private final long seed;

  /** Values of the float model are the same in every trial. */
  private final KeptValues wanted = new KeptValues();

  /**
   * Prepares to take patches.
   *
   * @param model the float model, with the values of all layers in its main graph.
   * @param calibration the inputs.
   * @param seed seed of the choice of pixels.
   */
  LayerPatches(ModelProto model, Calibration calibration, long seed) {
    this.model = model;
    this.calibration = calibration;
    this.seed = seed;
  }

  /**
   * Takes patches of convolutions that share their weights, some of them to check weights on.
   *
   * @param shared the convolutions.
   * @param quantized the model with the layers before them quantized.
   * @param given values of quantized models, of which those before the layers stay the same.
   * @return the patches of all of them.
   */
  PatchSampler of(SharedLayers shared, ModelProto quantized, KeptValues given) {
    ConvLayer first = shared.first();
    PatchSampler sampler = take(first, quantized, given, first.observedInput(), true);
    List<PatchSampler> others = new ArrayList<>();
    for (ConvLayer other : shared.layers().subList(1, shared.layers().size())) {
      // What it reads is not final as long as layers between are float.
      others.add(take(other, quantized, given, null, true));
    }
    if (!others.isEmpty()) {
      sampler.pool(others);
    }
    return sampler;
  }

  /**
   * Takes patches of one convolution.
   *
   * @param layer the convolution.
   * @param quantized the model with the layers before it quantized.
   * @param given as above.
   * @return its patches, none of them to check weights on.
   */
  PatchSampler of(ConvLayer layer, ModelProto quantized, KeptValues given) {
    return take(layer, quantized, given, layer.observedInput(), false);
  }

  private PatchSampler take(
      ConvLayer layer, ModelProto quantized, KeptValues given, String keep, boolean checks) {
    PatchSampler sampler =
        new PatchSampler(
            layer.outChannels(),
            layer.inChannels(),
            layer.kernelHeight(),
            layer.kernelWidth(),
            layer.vectorWidth(),
            layer.attributes(),
            seed);
    int columns = layer.rowSize();
    int patches = Math.max(LEAST_PATCHES, Math.min(MOST_PATCHES, PATCHES_A_COLUMN * columns));
    List<Feed> feeds = calibration.fit();
    int each = (patches + feeds.size() - 1) / feeds.size();
    List<String> before = List.of(layer.observedInput());
    List<String> around = List.of(layer.observedInput(), layer.observedOutput());
    try (KeptValues.Run first = given.open(quantized, before, keep);
        KeptValues.Run second = wanted.open(model, around, layer.observedInput())) {
      long image = 0;
      for (Feed feed : feeds) {
        FloatArray x = first.run(feed).get(PartialModel.outputName(layer.observedInput())).images();
        FloatArray y =
            second.run(feed).get(PartialModel.outputName(layer.observedOutput())).images();
        requireFinite(layer, x);
        requireFinite(layer, y);
        long pixels = y.values().length / layer.outChannels();
        long expected = Math.min(each, pixels) * feeds.size();
        boolean few = checks && expected < LayerResult.enoughPatches(layer.rowSize());
        if (x.values().length == 0) {
          // A branch that this batch does not take, or images that it does not have.
          continue;
        }
        if (few) {
          addWithCheck(sampler, x, y, image, each);
          image += size(x, 0);
        } else {
          sampler.add(x.values(), size(x, 2), size(x, 3), y.values(), each);
        }
      }
    }
    if (sampler.count() == 0) {
      throw new IllegalArgumentException(
          "No calibration input comes to layer '"
              + layer.name()
              + "'; give other inputs, or leave it as it is (--keep-float)");
    }
    return sampler;
  }

  /** Adds the images of a batch, and holds one in a few out to check weights on. */
  private void addWithCheck(PatchSampler sampler, FloatArray x, FloatArray y, long first, int all) {
    int images = size(x, 0);
    int ofX = x.values().length / images;
    int ofY = y.values().length / images;
    int each = (all + images - 1) / images;
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

  private static int size(FloatArray array, int axis) {
    return Math.toIntExact(array.shape()[axis]);
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
