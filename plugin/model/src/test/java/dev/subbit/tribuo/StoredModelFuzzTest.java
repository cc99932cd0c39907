package dev.subbit.tribuo;

import ai.onnx.proto.OnnxMl;
import com.code_intelligence.jazzer.junit.FuzzTest;
import com.code_intelligence.jazzer.mutation.annotation.NotNull;
import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.subbit.onnx.ReaderContract;
import dev.subbit.tribuo.export.OnnxExporter;
import dev.subbit.tribuo.network.TrainedNetwork;
import dev.subbit.tribuo.protos.SubBitModelProto;
import dev.subbit.tribuo.protos.TrainedNetworkProto;
import dev.subbit.tribuo.stored.NetworkCodec;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.provider.MethodSource;

/** Stored networks and models of any content. */
@Timeout(60)
class StoredModelFuzzTest {

  /** The domain of a model may have a million features. */
  private static final ReaderContract MODEL =
      new ReaderContract(
          Set.of(
              InvalidProtocolBufferException.class,
              IllegalArgumentException.class,
              IllegalStateException.class),
          512L << 20,
          1_000);

  private static Stream<SubBitModel> tiny() {
    return Stream.of(TinyModels.integer(), TinyModels.blocks(), TinyModels.network());
  }

  static Stream<TrainedNetworkProto> networks() {
    return tiny().map(model -> NetworkCodec.encode(model.network()));
  }

  static Stream<SubBitModelProto> models() {
    return tiny()
        .map(
            model -> {
              try {
                return model.serialize().getSerializedData().unpack(SubBitModelProto.class);
              } catch (InvalidProtocolBufferException e) {
                throw new AssertionError(e);
              }
            });
  }

  static Stream<OnnxMl.ModelProto> classifiers() {
    return tiny().map(model -> model.exportONNXModel("dev.subbit.test", 1));
  }

  /** What was read can be exported. */
  @MethodSource("networks")
  @FuzzTest
  void networksAreDecoded(@NotNull TrainedNetworkProto stored) {
    ReaderContract contract = ReaderContract.of(IllegalArgumentException.class);
    Optional<TrainedNetwork> network =
        contract.read(stored.getSerializedSize(), () -> NetworkCodec.decode(stored));
    if (network.isPresent()) {
      int[] positions = IntStream.range(0, network.get().network().input().size()).toArray();
      contract.read(
          stored.getSerializedSize(), () -> OnnxExporter.export(network.get(), positions));
    }
  }

  @MethodSource("models")
  @FuzzTest
  void modelsAreRead(@NotNull SubBitModelProto stored) {
    MODEL.read(
        stored.getSerializedSize(),
        () -> SubBitModel.deserializeFromProto(0, SubBitModel.class.getName(), Any.pack(stored)));
  }

  /** Metadata and graph of a model that says how it classifies pictures. */
  @MethodSource("classifiers")
  @FuzzTest
  void classifiersAreOpened(@NotNull OnnxMl.ModelProto model) {
    new ReaderContract(Set.of(IllegalArgumentException.class), 512L << 20, 1_000)
        .read(
            model.getSerializedSize(),
            () -> {
              try (OnnxClassifier classifier = new OnnxClassifier(model)) {
                return classifier.labels();
              }
            });
  }
}
