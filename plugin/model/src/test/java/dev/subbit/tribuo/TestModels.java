package dev.subbit.tribuo;

import dev.subbit.tribuo.data.ImageExample;
import dev.subbit.tribuo.network.ImageShape;
import dev.subbit.tribuo.network.Layer.Activations;
import dev.subbit.tribuo.network.Layer.Weights;
import dev.subbit.tribuo.network.Network;
import dev.subbit.tribuo.network.Networks;
import dev.subbit.tribuo.network.RandomNetworks;
import dev.subbit.tribuo.network.ReferenceForward;
import dev.subbit.tribuo.network.TrainedNetwork;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.tribuo.Example;
import org.tribuo.MutableDataset;
import org.tribuo.Prediction;
import org.tribuo.classification.Label;
import org.tribuo.classification.LabelFactory;
import org.tribuo.classification.baseline.DummyClassifierTrainer;
import org.tribuo.datasource.ListDataSource;
import org.tribuo.provenance.ModelProvenance;
import org.tribuo.provenance.SimpleDataSourceProvenance;

/** Models with random weights over random images, without any training. */
public final class TestModels {

  /** The kinds of networks that are tested. */
  public enum Mode {
    FLOAT(Weights.FLOAT, Activations.REAL),
    FLOAT_BINARY(Weights.FLOAT, Activations.BINARY),
    SUB_BIT(Weights.SUB_BIT, Activations.REAL),
    SUB_BIT_BINARY(Weights.SUB_BIT, Activations.BINARY),
    INTEGER(Weights.SUB_BIT, Activations.REAL);

    final Weights weights;
    final Activations activations;

    Mode(Weights weights, Activations activations) {
      this.weights = weights;
      this.activations = activations;
    }
  }

  public static final int TAU = 5;
  public static final int CLASSES = 4;

  private TestModels() {}

  /** A random network of a mode, whose probabilities are neither all nearly 0 nor nearly 1. */
  public static TrainedNetwork network(Mode mode, String name, ImageShape shape) {
    TrainedNetwork trained =
        withSmallLogits(
            RandomNetworks.weigh(
                Networks.build(name, shape, CLASSES, mode.weights, mode.activations), TAU, 17));
    if (mode != Mode.INTEGER) {
      return trained;
    }
    Random random = new Random(3);
    List<float[]> images = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      images.add(RandomNetworks.image(shape, random));
    }
    return RandomNetworks.quantize(trained, images);
  }

  private static TrainedNetwork withSmallLogits(TrainedNetwork trained) {
    Network network = trained.network();
    float[] image = RandomNetworks.image(network.input(), new Random(1));
    float largest = 0;
    for (float logit : new ReferenceForward(trained).run(image).get(network.output().name())) {
      largest = Math.max(largest, Math.abs(logit));
    }
    String parameter = network.output().name() + "/weight";
    float[] weight = trained.floats().get(parameter).clone();
    for (int i = 0; i < weight.length; i++) {
      weight[i] *= 2 / largest;
    }
    Map<String, float[]> floats = new HashMap<>(trained.floats());
    floats.put(parameter, weight);
    return new TrainedNetwork(network, floats, trained.packed(), trained.ranges());
  }

  /** Random images with labels "0" to "3". */
  public static MutableDataset<Label> dataset(ImageShape shape, int count) {
    Random random = new Random(5);
    List<Example<Label>> examples = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      byte[] pixels = new byte[shape.size()];
      random.nextBytes(pixels);
      examples.add(new ImageExample(new Label(Integer.toString(i % CLASSES)), pixels));
    }
    LabelFactory factory = new LabelFactory();
    return new MutableDataset<>(
        new ListDataSource<>(
            examples,
            factory,
            new SimpleDataSourceProvenance(
                "random images", OffsetDateTime.parse("2026-11-23T00:00:00Z"), factory)));
  }

  /** A model over a dataset's domains. */
  public static SubBitModel model(TrainedNetwork network, MutableDataset<Label> data) {
    return new SubBitModel(
        "test",
        new ModelProvenance(
            SubBitModel.class.getName(),
            OffsetDateTime.parse("2026-11-23T00:00:00Z"),
            data.getProvenance(),
            DummyClassifierTrainer.createMostFrequentTrainer().getProvenance()),
        data.getFeatureIDMap(),
        data.getOutputIDInfo(),
        network);
  }

  /** A prediction's probabilities in the order of the model's classes. */
  public static double[] scores(SubBitModel model, Prediction<Label> prediction) {
    return IntStream.range(0, model.getOutputIDInfo().size())
        .mapToObj(id -> model.getOutputIDInfo().getOutput(id).getLabel())
        .mapToDouble(label -> prediction.getOutputScores().get(label).getScore())
        .toArray();
  }
}
