package dev.subbit.tribuo.stored;

import com.google.protobuf.ByteString;
import dev.subbit.onnx.Codebook;
import dev.subbit.onnx.PackedConvWeights;
import dev.subbit.tribuo.network.ImageShape;
import dev.subbit.tribuo.network.IntegerForm;
import dev.subbit.tribuo.network.Network;
import dev.subbit.tribuo.network.TrainedNetwork;
import dev.subbit.tribuo.network.TrainedNetworkCheck;
import dev.subbit.tribuo.protos.FloatsProto;
import dev.subbit.tribuo.protos.IntegerFormProto;
import dev.subbit.tribuo.protos.NetworkProto;
import dev.subbit.tribuo.protos.NodeProto;
import dev.subbit.tribuo.protos.PackedConvWeightsProto;
import dev.subbit.tribuo.protos.QuantizedRangeProto;
import dev.subbit.tribuo.protos.TrainedNetworkProto;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Converts trained networks to and from their stored form. */
public final class NetworkCodec {

  private NetworkCodec() {}

  /**
   * Converts a network to its stored form.
   *
   * @param trained the network.
   * @return its stored form; equal networks give equal bytes.
   */
  public static TrainedNetworkProto encode(TrainedNetwork trained) {
    Network network = trained.network();
    NetworkProto.Builder nodes =
        NetworkProto.newBuilder()
            .setName(network.name())
            .setChannels(network.input().channels())
            .setHeight(network.input().height())
            .setWidth(network.input().width())
            .setClasses(network.classes());
    network.nodes().forEach(node -> nodes.addNodes(encode(node)));
    TrainedNetworkProto.Builder proto = TrainedNetworkProto.newBuilder().setNetwork(nodes);
    trained.floats().forEach((name, values) -> proto.putFloats(name, encode(values)));
    trained.packed().forEach((name, weights) -> proto.putPacked(name, encode(weights)));
    trained
        .ranges()
        .forEach(
            (name, range) ->
                proto.putRanges(
                    name,
                    QuantizedRangeProto.newBuilder()
                        .setScale(range.scale())
                        .setZeroPoint(range.zeroPoint())
                        .build()));
    trained
        .integers()
        .ifPresent(
            form ->
                proto.setIntegers(
                    IntegerFormProto.newBuilder()
                        .setWidth(form.width())
                        .setFractionBits(form.fractionBits())));
    return proto.build();
  }

  private static NodeProto encode(Network.Node node) {
    NodeProto.Builder proto =
        NodeProto.newBuilder().setName(node.name()).addAllInputs(node.inputs());
    return node.layer().accept(new LayerEncoder(proto)).build();
  }

  private static FloatsProto encode(float[] values) {
    FloatsProto.Builder proto = FloatsProto.newBuilder();
    for (float value : values) {
      proto.addValues(value);
    }
    return proto.build();
  }

  private static PackedConvWeightsProto encode(PackedConvWeights weights) {
    PackedConvWeightsProto.Builder proto =
        PackedConvWeightsProto.newBuilder()
            .setOutChannels(weights.outChannels())
            .setInChannels(weights.inChannels())
            .setTau(weights.codebook().tau())
            .setIndex(ByteString.copyFrom(weights.index()));
    for (int i = 0; i < weights.codebook().size(); i++) {
      proto.addCodebook(weights.codebook().codeword(i));
    }
    for (float scale : weights.scale()) {
      proto.addScale(scale);
    }
    return proto.build();
  }

  /**
   * Reads a stored network. The stored form is not trusted: everything is checked, and no memory is
   * allocated because of a size field alone.
   *
   * @param proto the stored form.
   * @return the network, which has passed {@link TrainedNetworkCheck}.
   * @throws IllegalArgumentException if it is damaged; the message names the node or parameter.
   */
  public static TrainedNetwork decode(TrainedNetworkProto proto) {
    NetworkProto stored = proto.getNetwork();
    List<Network.Node> nodes = new ArrayList<>();
    for (NodeProto node : stored.getNodesList()) {
      nodes.add(
          naming(
              "node '" + node.getName() + "'",
              () ->
                  new Network.Node(
                      node.getName(), LayerDecoder.decode(node), node.getInputsList())));
    }
    Network network =
        new Network(
            stored.getName(),
            new ImageShape(stored.getChannels(), stored.getHeight(), stored.getWidth()),
            stored.getClasses(),
            nodes);
    Map<String, float[]> floats = new HashMap<>();
    proto
        .getFloatsMap()
        .forEach((name, values) -> floats.put(name, decode(values.getValuesList())));
    Map<String, PackedConvWeights> packed = new HashMap<>();
    proto
        .getPackedMap()
        .forEach(
            (name, weights) ->
                packed.put(
                    name, naming("the packed weights of '" + name + "'", () -> decode(weights))));
    Map<String, TrainedNetwork.QuantizedRange> ranges = new HashMap<>();
    proto
        .getRangesMap()
        .forEach(
            (name, range) ->
                ranges.put(
                    name,
                    naming(
                        "the quantized range of '" + name + "'",
                        () ->
                            new TrainedNetwork.QuantizedRange(
                                range.getScale(), range.getZeroPoint()))));
    Optional<IntegerForm> integers =
        proto.hasIntegers()
            ? Optional.of(naming("the integer form", () -> decode(proto.getIntegers())))
            : Optional.empty();
    TrainedNetwork trained = new TrainedNetwork(network, floats, packed, ranges, integers);
    TrainedNetworkCheck.check(trained);
    return trained;
  }

  private static IntegerForm decode(IntegerFormProto proto) {
    return new IntegerForm(proto.getWidth(), proto.getFractionBits());
  }

  private static float[] decode(List<Float> values) {
    float[] array = new float[values.size()];
    for (int i = 0; i < array.length; i++) {
      array[i] = values.get(i);
    }
    return array;
  }

  private static PackedConvWeights decode(PackedConvWeightsProto proto) {
    int[] codewords = proto.getCodebookList().stream().mapToInt(Integer::intValue).toArray();
    return new PackedConvWeights(
        proto.getOutChannels(),
        proto.getInChannels(),
        new Codebook(proto.getTau(), codewords),
        proto.getIndex().toByteArray(),
        decode(proto.getScaleList()));
  }

  private interface Decoding<T> {
    T decode();
  }

  /** Names the damaged part of the file in the message of an exception. */
  private static <T> T naming(String what, Decoding<T> decoding) {
    try {
      return decoding.decode();
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw new IllegalArgumentException(
          "The stored network is damaged at " + what + ": " + e.getMessage(), e);
    }
  }
}
