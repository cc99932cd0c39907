package dev.subbit.tribuo.export;

import dev.subbit.onnx.IntegerLayer;
import dev.subbit.onnx.PackedConvWeights;
import dev.subbit.tribuo.network.NetworkShapes;
import dev.subbit.tribuo.network.NodeShape;
import dev.subbit.tribuo.network.TrainedNetwork;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Runs the integers that are derived from a network, in plain loops over one image and by the words
 * of docs/OPERATORS.md. Feature maps are [C, H, W] here, as those of {@code ReferenceForward}.
 */
final class ReferenceIntegers {

  private final TrainedNetwork trained;
  private final Map<String, NodeShape> shapes;
  private final List<IntegerPart> parts;
  private final List<IntegerLayer> layers = new ArrayList<>();

  ReferenceIntegers(TrainedNetwork trained) {
    this.trained = trained;
    this.shapes = NetworkShapes.of(trained.network());
    this.parts = IntegerParts.of(trained.network());
    parts.forEach(part -> layers.add(part.derive(trained, shapes, trained.integers().get())));
  }

  List<IntegerPart> parts() {
    return parts;
  }

  List<IntegerLayer> layers() {
    return layers;
  }

  /** The values that the parts give, by node; logits are as they are. */
  Map<String, float[]> run(float[] image) {
    Map<String, int[]> integers = new HashMap<>();
    Map<String, float[]> values = new HashMap<>();
    for (int i = 0; i < parts.size(); i++) {
      IntegerPart part = parts.get(i);
      if (layers.get(i) instanceof IntegerLayer.Classifier classifier) {
        values.put(
            part.value(),
            classify(classifier, integers.get(part.reads()), shapes.get(part.reads())));
        continue;
      }
      int[] y = compute(part, layers.get(i), image, integers);
      integers.put(part.value(), y);
      float[] real = new float[y.length];
      for (int j = 0; j < y.length; j++) {
        real[j] = Math.scalb((float) y[j], -trained.integers().get().fractionBits());
      }
      values.put(part.value(), real);
    }
    return values;
  }

  private int[] compute(
      IntegerPart part, IntegerLayer layer, float[] image, Map<String, int[]> integers) {
    int[] x = integers.get(part.reads());
    NodeShape in = shapes.get(part.reads());
    if (layer instanceof IntegerLayer.Stem stem) {
      return stem(stem, image, in);
    } else if (layer instanceof IntegerLayer.Conv conv) {
      int[] sums = convolveSigns(conv.weights(), conv.threshold(), conv.stride(), x, in);
      NodeShape map = mapShape(conv.weights(), conv.stride(), in);
      int[] largest = pool(conv.pool(), sums, map);
      return rescale(largest, conv.shift(), conv.multiplier(), conv.bias(), conv.width());
    } else if (layer instanceof IntegerLayer.Block block) {
      int[] sums = convolveSigns(block.weights(), block.threshold(), block.stride(), x, in);
      int[] u = rescale(sums, block.shift(), block.multiplier(), block.bias(), 16);
      return finish(block, u, integers.get(part.residual().get()));
    }
    return shortcut((IntegerLayer.Shortcut) layer, x, in);
  }

  private static int[] stem(IntegerLayer.Stem stem, float[] image, NodeShape in) {
    int channels = stem.multiplier().length;
    int kernel = stem.convolution().height();
    int stride = stem.convolution().strideHeight();
    int pad = stem.convolution().padTop();
    int height = (in.height() - 1) / stride + 1;
    int width = (in.width() - 1) / stride + 1;
    int[] y = new int[channels * height * width];
    for (int i = 0; i < y.length; i++) {
      int o = i / (height * width);
      int acc = 0;
      for (int c = 0; c < in.channels(); c++) {
        for (int tap = 0; tap < kernel * kernel; tap++) {
          int row = i / width % height * stride + tap / kernel - pad;
          int column = i % width * stride + tap % kernel - pad;
          if (row >= 0 && row < in.height() && column >= 0 && column < in.width()) {
            float pixel = image[(c * in.height() + row) * in.width() + column];
            int p = (int) Math.rint(Math.max(0, Math.min(255, pixel)));
            acc +=
                stem.weight()[(o * in.channels() + c) * kernel * kernel + tap]
                    * (p - (stem.zeroPixel()[c] & 0xff));
          }
        }
      }
      int v = saturate(roundedShift(acc, stem.shift()), 16);
      y[i] = saturate(mulhrs(v, stem.multiplier()[o]) + stem.bias()[o], stem.width());
    }
    return pool(stem.pool(), y, new NodeShape(channels, height, width));
  }

  private static NodeShape mapShape(PackedConvWeights weights, int stride, NodeShape in) {
    return new NodeShape(
        weights.outChannels(), (in.height() - 1) / stride + 1, (in.width() - 1) / stride + 1);
  }

  private static int[] convolveSigns(
      PackedConvWeights weights, short[] threshold, int stride, int[] x, NodeShape in) {
    int[] indices = weights.indices();
    NodeShape out = mapShape(weights, stride, in);
    int[] sums = new int[(int) out.size()];
    for (int i = 0; i < sums.length; i++) {
      int o = i / (out.height() * out.width());
      for (int c = 0; c < in.channels(); c++) {
        for (int tap = 0; tap < 9; tap++) {
          int row = i / out.width() % out.height() * stride + tap / 3 - 1;
          int column = i % out.width() * stride + tap % 3 - 1;
          if (row >= 0 && row < in.height() && column >= 0 && column < in.width()) {
            int value = x[(c * in.height() + row) * in.width() + column];
            int sign = value >= threshold[c] ? 1 : -1;
            sums[i] += sign * weights.codebook().tap(indices[o * in.channels() + c], tap);
          }
        }
      }
    }
    return sums;
  }

  private static int[] pool(IntegerLayer.Window windows, int[] x, NodeShape in) {
    int padded = in.height() + windows.padTop() + windows.padBottom();
    int height = (padded - windows.height()) / windows.strideHeight() + 1;
    padded = in.width() + windows.padLeft() + windows.padRight();
    int width = (padded - windows.width()) / windows.strideWidth() + 1;
    int[] y = new int[in.channels() * height * width];
    for (int i = 0; i < y.length; i++) {
      int c = i / (height * width);
      y[i] = Integer.MIN_VALUE;
      for (int r = 0; r < windows.height(); r++) {
        for (int s = 0; s < windows.width(); s++) {
          int row = i / width % height * windows.strideHeight() + r - windows.padTop();
          int column = i % width * windows.strideWidth() + s - windows.padLeft();
          if (row >= 0 && row < in.height() && column >= 0 && column < in.width()) {
            y[i] = Math.max(y[i], x[(c * in.height() + row) * in.width() + column]);
          }
        }
      }
    }
    return y;
  }

  private static int[] rescale(int[] sums, int shift, short[] multiplier, short[] bias, int width) {
    int[] y = new int[sums.length];
    int map = y.length / bias.length;
    for (int i = 0; i < y.length; i++) {
      y[i] = saturate(mulhrs(sums[i] << shift, multiplier[i / map]) + bias[i / map], width);
    }
    return y;
  }

  private static int[] finish(IntegerLayer.Block block, int[] u, int[] residual) {
    int width = block.width();
    int[] y = new int[u.length];
    int map = y.length / block.bias().length;
    for (int i = 0; i < y.length; i++) {
      int o = i / map;
      int v = saturate(u[i] + residual[i], width);
      int negative = saturate(mulhrs(v, block.slope()[o]) << block.slopeShift(), width);
      y[i] = saturate((v >= 0 ? v : negative) + block.shiftOut()[o], width);
    }
    return y;
  }

  private static int[] shortcut(IntegerLayer.Shortcut layer, int[] x, NodeShape in) {
    int height = (in.height() - 1) / layer.pool() + 1;
    int width = (in.width() - 1) / layer.pool() + 1;
    int[] y = new int[layer.bias().length * height * width];
    for (int i = 0; i < y.length; i++) {
      int o = i / (height * width);
      int acc = 0;
      for (int c = 0; c < in.channels(); c++) {
        int sum = 0;
        int count = 0;
        for (int row = i / width % height * layer.pool();
            row < Math.min(in.height(), (i / width % height + 1) * layer.pool());
            row++) {
          for (int column = i % width * layer.pool();
              column < Math.min(in.width(), (i % width + 1) * layer.pool());
              column++) {
            sum += x[(c * in.height() + row) * in.width() + column];
            count++;
          }
        }
        acc += layer.weight()[o * in.channels() + c] * (int) Math.floor((double) sum / count + 0.5);
      }
      int v = saturate(roundedShift(acc, layer.shift()), 16);
      y[i] = saturate(mulhrs(v, layer.multiplier()[o]) + layer.bias()[o], layer.width());
    }
    return y;
  }

  private static float[] classify(IntegerLayer.Classifier layer, int[] x, NodeShape in) {
    int positions = in.height() * in.width();
    int each = positions / layer.parts();
    float[] y = new float[layer.bias().length];
    for (int k = 0; k < y.length; k++) {
      int dot = 0;
      for (int part = 0; part < layer.parts(); part++) {
        for (int c = 0; c < in.channels(); c++) {
          int sum = 0;
          for (int i = 0; i < each; i++) {
            sum += x[c * positions + part * each + i];
          }
          int v = saturate(roundedShift(sum, layer.shift()), 16);
          dot += v * layer.weight()[(k * layer.parts() + part) * in.channels() + c];
        }
      }
      y[k] = (float) dot * layer.scale()[k] + layer.bias()[k];
    }
    return y;
  }

  private static int roundedShift(int value, int shift) {
    return (int) Math.floor(Math.scalb((double) value, -shift) + 0.5);
  }

  private static int mulhrs(int a, int m) {
    return roundedShift(a * m, 15);
  }

  private static int saturate(int value, int width) {
    int limit = 1 << (width - 1);
    return Math.max(-limit, Math.min(limit - 1, value));
  }
}
