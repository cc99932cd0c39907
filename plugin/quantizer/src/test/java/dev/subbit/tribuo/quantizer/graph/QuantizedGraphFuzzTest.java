package dev.subbit.tribuo.quantizer.graph;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import com.code_intelligence.jazzer.junit.FuzzTest;
import com.code_intelligence.jazzer.mutation.annotation.NotNull;
import dev.subbit.onnx.FuzzModels;
import dev.subbit.onnx.ReaderContract;
import dev.subbit.onnx.graph.OnnxFile;
import dev.subbit.tribuo.network.TrainedNetwork.QuantizedRange;
import dev.subbit.tribuo.quantizer.fit.Codewords;
import dev.subbit.tribuo.quantizer.fit.StagedWeights;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Models of any content, as the quantizer reads and rewrites them. */
@Timeout(60)
class QuantizedGraphFuzzTest {

  private static final ReaderContract READER = ReaderContract.of(IOException.class);

  /** A pass that takes what it cannot change as it is. */
  private static final ReaderContract PASS = ReaderContract.of(IllegalArgumentException.class);

  @TempDir static Path folder;

  static Stream<ModelProto> models() {
    return FuzzModels.all();
  }

  /** Of every model: as it is, and with its tensors in a file beside it. */
  static Stream<Arguments> filesAndData() {
    return models()
        .flatMap(
            model ->
                Stream.of(
                    Arguments.of(model, new byte[0]),
                    Arguments.of(withDataOutside(model), new byte[2_000])));
  }

  private static ModelProto withDataOutside(ModelProto model) {
    ModelProto.Builder outside = model.toBuilder();
    int offset = 0;
    for (TensorProto.Builder tensor : outside.getGraphBuilder().getInitializerBuilderList()) {
      int length = tensor.getRawData().size();
      tensor
          .clearRawData()
          .setDataLocation(TensorProto.DataLocation.EXTERNAL)
          .addExternalData(entry("location", "weights"))
          .addExternalData(entry("offset", Integer.toString(offset)))
          .addExternalData(entry("length", Integer.toString(length)));
      offset += length;
    }
    return outside.build();
  }

  private static StringStringEntryProto entry(String key, String value) {
    return StringStringEntryProto.newBuilder().setKey(key).setValue(value).build();
  }

  @MethodSource("filesAndData")
  @FuzzTest
  void filesAreRead(@NotNull ModelProto model, byte @NotNull [] data) throws IOException {
    Path file = Files.write(folder.resolve("m.onnx"), model.toByteArray());
    Files.write(folder.resolve("weights"), data);
    READER.read(model.getSerializedSize() + data.length, () -> OnnxFile.read(file));
  }

  @MethodSource("models")
  @FuzzTest
  void convolutionsAreReplaced(@NotNull ModelProto model) {
    int size = model.getSerializedSize();
    READER
        .read(size, () -> OperatorSets.upgrade("m.onnx", model))
        .ifPresent(
            upgraded -> {
              PASS.read(size, () -> replaced(upgraded, GraphEdits.Form.STAGES));
              PASS.read(size, () -> replaced(upgraded, GraphEdits.Form.SUMMED));
            });
  }

  /** The model with its convolutions sub-bit, and those on 8 bits. */
  private static ModelProto replaced(ModelProto model, GraphEdits.Form form) {
    Map<ConvLayer, StagedWeights> weights = new HashMap<>();
    ConvScan.of(model, values -> Map.of(), Codewords.SIGNS)
        .layers()
        .forEach(
            layer ->
                weights.put(
                    layer,
                    SubBitLayers.staged(layer.outChannels(), layer.inChannels(), 1, .5f, .25f)));
    ModelProto subBit = GraphEdits.replace(model, weights, form);
    List<IntegerConv> convs = IntegerConv.of(subBit);
    Map<String, QuantizedRange> ranges = new HashMap<>();
    IntegerEdits.valuesWithoutRange(convs)
        .forEach(value -> ranges.put(value, new QuantizedRange(.1f, 3)));
    return IntegerEdits.replace(subBit, convs, ranges);
  }

  @MethodSource("models")
  @FuzzTest
  void partsAreCutOut(@NotNull ModelProto model) {
    List<String> values =
        model.getGraph().getNodeList().stream()
            .map(NodeProto::getOutputList)
            .flatMap(List::stream)
            .toList();
    if (!values.isEmpty()) {
      String last = values.get(values.size() - 1);
      PASS.read(
          model.getSerializedSize(),
          () -> PartialModel.of(model, List.of(last), Set.of(values.get(0))));
    }
  }
}
