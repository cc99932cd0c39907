package dev.subbit.tribuo;

import dev.subbit.onnx.PackedConvWeights;
import dev.subbit.tribuo.network.ImageShape;
import dev.subbit.tribuo.network.IntegerForm;
import dev.subbit.tribuo.network.Layer;
import dev.subbit.tribuo.network.Layer.Activations;
import dev.subbit.tribuo.network.Layer.Weights;
import dev.subbit.tribuo.network.Network;
import dev.subbit.tribuo.network.RandomNetworks;
import dev.subbit.tribuo.network.TrainedNetwork;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.tribuo.MutableDataset;
import org.tribuo.classification.Label;

/**
 * Models of a few kilobytes that hold every layer of the vocabulary between them. Stored files of
 * them are kept for good, so they are never changed.
 */
public final class TinyModels {

  public static final ImageShape SHAPE = new ImageShape(1, 6, 5);

  private TinyModels() {}

  public static MutableDataset<Label> data() {
    return TestModels.dataset(SHAPE, 4);
  }

  /** 8-bit activations, with a residual addition in float as the first versions had it. */
  public static SubBitModel integer() {
    Layer.Conv stem = new Layer.Conv(1, 4, 3, 1, Weights.FLOAT, Activations.REAL);
    Layer.Conv conv = new Layer.Conv(4, 4, 3, 1, Weights.SUB_BIT, Activations.REAL);
    List<Network.Node> nodes = new ArrayList<>();
    add(nodes, "image", new Layer.Input());
    add(nodes, "normalize", new Layer.Normalize(2f / 255, -1), "image");
    add(nodes, "stem", stem, "normalize");
    add(nodes, "relu0", new Layer.Relu(), "stem");
    add(nodes, "conv1", conv, "relu0");
    add(nodes, "bn1", new Layer.BatchNorm(4), "conv1");
    add(nodes, "relu1", new Layer.Relu(), "bn1");
    add(nodes, "conv2", conv, "relu1");
    add(nodes, "bn2", new Layer.BatchNorm(4), "conv2");
    add(nodes, "add", new Layer.Add(), "bn2", "relu0");
    add(nodes, "pool", new Layer.GlobalAveragePool(), "add");
    add(nodes, "classifier", new Layer.Dense(4, TestModels.CLASSES), "pool");
    TrainedNetwork trained = weigh("tiny-integer", nodes);
    Random random = new Random(2);
    return TestModels.model(
        RandomNetworks.quantizeConvolutions(trained, List.of(RandomNetworks.image(SHAPE, random))),
        data());
  }

  /** 8-bit activations, also in the residual additions of two blocks; the second halves. */
  public static SubBitModel blocks() {
    Layer.Conv stem = new Layer.Conv(1, 4, 3, 1, Weights.FLOAT, Activations.REAL);
    Layer.Conv conv = new Layer.Conv(4, 4, 3, 1, Weights.SUB_BIT, Activations.REAL);
    List<Network.Node> nodes = new ArrayList<>();
    add(nodes, "image", new Layer.Input());
    add(nodes, "normalize", new Layer.Normalize(2f / 255, -1), "image");
    add(nodes, "stem", stem, "normalize");
    add(nodes, "relu0", new Layer.Relu(), "stem");
    add(nodes, "conv1", conv, "relu0");
    add(nodes, "bn1", new Layer.BatchNorm(4), "conv1");
    add(nodes, "add1", new Layer.Add(), "bn1", "relu0");
    add(nodes, "relu1", new Layer.Relu(), "add1");
    Layer.Conv halving = new Layer.Conv(4, 8, 3, 2, Weights.SUB_BIT, Activations.REAL);
    add(nodes, "conv2", halving, "relu1");
    add(nodes, "bn2", new Layer.BatchNorm(8), "conv2");
    Layer.Conv shortcut = new Layer.Conv(4, 8, 1, 2, Weights.FLOAT, Activations.REAL);
    add(nodes, "shortcut", shortcut, "relu1");
    add(nodes, "bn3", new Layer.BatchNorm(8), "shortcut");
    add(nodes, "add2", new Layer.Add(), "bn2", "bn3");
    add(nodes, "pool", new Layer.GlobalAveragePool(), "add2");
    add(nodes, "classifier", new Layer.Dense(8, TestModels.CLASSES), "pool");
    TrainedNetwork trained = weigh("tiny-blocks", nodes);
    Random random = new Random(2);
    return TestModels.model(
        RandomNetworks.quantize(trained, List.of(RandomNetworks.image(SHAPE, random))), data());
  }

  /** Binary activations, with every layer that goes with them. */
  public static SubBitModel binary() {
    Layer.Conv stem = new Layer.Conv(1, 4, 3, 1, Weights.FLOAT, Activations.REAL);
    Layer.Conv conv = new Layer.Conv(4, 4, 3, 1, Weights.SUB_BIT, Activations.BINARY);
    List<Network.Node> nodes = new ArrayList<>();
    add(nodes, "image", new Layer.Input());
    add(nodes, "normalize", new Layer.Normalize(2f / 255, -1), "image");
    add(nodes, "stem", stem, "normalize");
    add(nodes, "threshold", new Layer.Shift(4), "stem");
    add(nodes, "conv1", conv, "threshold");
    add(nodes, "bn1", new Layer.BatchNorm(4), "conv1");
    add(nodes, "add1", new Layer.Add(), "bn1", "stem");
    add(nodes, "prelu", new Layer.PRelu(4), "add1");
    add(nodes, "halve", new Layer.AveragePool(), "prelu");
    add(nodes, "pool", new Layer.GlobalAveragePool(), "halve");
    add(nodes, "classifier", new Layer.Dense(4, TestModels.CLASSES), "pool");
    return TestModels.model(weigh("tiny-binary", nodes), data());
  }

  /** Real activations, with a large first kernel and both max poolings. */
  public static SubBitModel pools() {
    List<Network.Node> nodes = new ArrayList<>();
    add(nodes, "image", new Layer.Input());
    add(nodes, "normalize", new Layer.Normalize(2f / 255, -1), "image");
    Layer.Conv stem = new Layer.Conv(1, 4, 7, 2, Weights.FLOAT, Activations.REAL);
    add(nodes, "stem", stem, "normalize");
    add(nodes, "relu0", new Layer.Relu(), "stem");
    add(nodes, "pool0", new Layer.MaxPool(3), "relu0");
    Layer.Conv conv = new Layer.Conv(4, 4, 3, 1, Weights.SUB_BIT, Activations.REAL);
    add(nodes, "conv1", conv, "pool0");
    add(nodes, "pool1", new Layer.MaxPool(2), "conv1");
    add(nodes, "flatten", new Layer.Flatten(), "pool1");
    add(nodes, "classifier", new Layer.Dense(4, TestModels.CLASSES), "flatten");
    return TestModels.model(weigh("tiny-pools", nodes), data());
  }

  /** Binary activations in integers: a pooled stem, a block, and one that halves. */
  public static SubBitModel network() {
    List<Network.Node> nodes = new ArrayList<>();
    add(nodes, "image", new Layer.Input());
    add(nodes, "normalize", new Layer.Normalize(2f / 255, -1), "image");
    Layer.Conv stem = new Layer.Conv(1, 4, 3, 1, Weights.FLOAT, Activations.REAL);
    add(nodes, "stem", stem, "normalize");
    add(nodes, "bn0", new Layer.BatchNorm(4), "stem");
    add(nodes, "pool0", new Layer.MaxPool(3), "bn0");
    Layer.Conv conv = new Layer.Conv(4, 4, 3, 1, Weights.SUB_BIT, Activations.BINARY);
    add(nodes, "threshold1", new Layer.Shift(4), "pool0");
    add(nodes, "conv1", conv, "threshold1");
    add(nodes, "bn1", new Layer.BatchNorm(4), "conv1");
    add(nodes, "add1", new Layer.Add(), "bn1", "pool0");
    addActivation(nodes, "1", "add1", 4);
    Layer.Conv halving = new Layer.Conv(4, 8, 3, 2, Weights.SUB_BIT, Activations.BINARY);
    add(nodes, "conv2", halving, "after1");
    add(nodes, "bn2", new Layer.BatchNorm(8), "conv2");
    add(nodes, "average", new Layer.AveragePool(), "after1");
    Layer.Conv shortcut = new Layer.Conv(4, 8, 1, 1, Weights.FLOAT, Activations.REAL);
    add(nodes, "shortcut", shortcut, "average");
    add(nodes, "bn3", new Layer.BatchNorm(8), "shortcut");
    add(nodes, "add2", new Layer.Add(), "bn2", "bn3");
    addActivation(nodes, "2", "add2", 8);
    add(nodes, "pool", new Layer.GlobalAveragePool(), "after2");
    add(nodes, "classifier", new Layer.Dense(8, TestModels.CLASSES), "pool");
    return TestModels.model(
        weigh("tiny-network", nodes).withIntegers(new IntegerForm(16, 6)), data());
  }

  /** Binary activations in integers, without shortcuts and with a pool and a flattening. */
  public static SubBitModel chain() {
    List<Network.Node> nodes = new ArrayList<>();
    add(nodes, "image", new Layer.Input());
    add(nodes, "normalize", new Layer.Normalize(2f / 255, -1), "image");
    Layer.Conv stem = new Layer.Conv(1, 4, 3, 1, Weights.FLOAT, Activations.REAL);
    add(nodes, "stem", stem, "normalize");
    Layer.Conv conv = new Layer.Conv(4, 4, 3, 1, Weights.SUB_BIT, Activations.BINARY);
    add(nodes, "conv1", conv, "stem");
    add(nodes, "bn1", new Layer.BatchNorm(4), "conv1");
    add(nodes, "conv2", conv, "bn1");
    add(nodes, "pool2", new Layer.MaxPool(2), "conv2");
    add(nodes, "bn2", new Layer.BatchNorm(4), "pool2");
    add(nodes, "flatten", new Layer.Flatten(), "bn2");
    add(nodes, "classifier", new Layer.Dense(4 * 3 * 3, TestModels.CLASSES), "flatten");
    TrainedNetwork trained = weigh("tiny-chain", nodes);
    // In front of the pooling no scale may be negative.
    Map<String, PackedConvWeights> packed = new HashMap<>(trained.packed());
    float[] scale = packed.get("conv2").scale();
    for (int o = 0; o < scale.length; o++) {
      scale[o] = Math.abs(scale[o]);
    }
    packed.put("conv2", packed.get("conv2").withScale(scale));
    return TestModels.model(
        new TrainedNetwork(
            trained.network(),
            trained.floats(),
            packed,
            Map.of(),
            Optional.of(new IntegerForm(12, 5))),
        data());
  }

  private static void addActivation(
      List<Network.Node> nodes, String number, String input, int channels) {
    add(nodes, "before" + number, new Layer.Shift(channels), input);
    add(nodes, "prelu" + number, new Layer.PRelu(channels), "before" + number);
    add(nodes, "after" + number, new Layer.Shift(channels), "prelu" + number);
  }

  private static void add(List<Network.Node> nodes, String name, Layer layer, String... inputs) {
    nodes.add(new Network.Node(name, layer, List.of(inputs)));
  }

  private static TrainedNetwork weigh(String name, List<Network.Node> nodes) {
    return RandomNetworks.weigh(new Network(name, SHAPE, TestModels.CLASSES, nodes), 2, 7);
  }
}
