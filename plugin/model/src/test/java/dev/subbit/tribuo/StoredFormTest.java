package dev.subbit.tribuo;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import com.google.protobuf.Any;
import dev.subbit.tribuo.io.AtomicFile;
import dev.subbit.tribuo.network.Layer;
import dev.subbit.tribuo.protos.ConvProto;
import dev.subbit.tribuo.protos.FloatsProto;
import dev.subbit.tribuo.protos.IntegerFormProto;
import dev.subbit.tribuo.protos.NodeProto;
import dev.subbit.tribuo.protos.PackedConvWeightsProto;
import dev.subbit.tribuo.protos.QuantizedRangeProto;
import dev.subbit.tribuo.protos.SubBitModelProto;
import dev.subbit.tribuo.protos.TrainedNetworkProto;
import dev.subbit.tribuo.stored.NetworkCodec;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.NotSerializableException;
import java.io.ObjectOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tribuo.Model;
import org.tribuo.protos.core.ModelProto;

/** The stored form of a model: old files always load, and damaged ones never do harm. */
class StoredFormTest {

  /**
   * The number of files of each model in which bits are flipped; about as many are cut short. The
   * damage is the same in every run; {@code -Dsubbit.damagedFiles=4000} tests more.
   */
  private static final int DAMAGED = Integer.getInteger("subbit.damagedFiles", 1_000);

  @TempDir Path folder;

  /**
   * Files that version 0 wrote, by {@code model.serializeToFile} over {@link TinyModels}. They stay
   * as they are when the format moves on; a new version gets files of its own.
   */
  @ParameterizedTest
  @CsvSource({
    "tiny-integer, 0.0933975, 0.0000111, 0.0004153, 0.9061762",
    "tiny-blocks, 0.4865216, 0.0722771, 0.1071411, 0.3340603",
    "tiny-binary, 0.1842939, 0.2367378, 0.3370758, 0.2418924",
    "tiny-pools, 0.4037580, 0.4328503, 0.0356567, 0.1277350",
    "tiny-network, 0.7837192, 0.0450342, 0.1457553, 0.0254914",
    "tiny-chain, 0.3978663, 0.0952909, 0.1580140, 0.3488289",
  })
  void readsFilesOfVersion0(String name, double p0, double p1, double p2, double p3)
      throws IOException {
    try (InputStream file = getClass().getResourceAsStream("/stored/" + name + "-v0.sbm");
        SubBitModel model = (SubBitModel) Model.deserializeFromStream(file)) {
      assertEquals(name, model.network().network().name());
      assertEquals("test", model.getName());
      assertArrayEquals(
          new double[] {p0, p1, p2, p3},
          TestModels.scores(model, model.predict(TinyModels.data().getExample(0))),
          // Another CPU may round the float stem differently and so move an 8-bit value one step.
          1e-3);
      SubBitModel written =
          switch (name) {
            case "tiny-integer" -> TinyModels.integer();
            case "tiny-binary" -> TinyModels.binary();
            case "tiny-blocks" -> TinyModels.blocks();
            case "tiny-network" -> TinyModels.network();
            case "tiny-chain" -> TinyModels.chain();
            default -> TinyModels.pools();
          };
      assertEquals(NetworkCodec.encode(written.network()), NetworkCodec.encode(model.network()));
      assertEquals(
          written.getProvenance().getTrainingTime(), model.getProvenance().getTrainingTime());
    }
  }

  @Test
  void hasAFileWithEveryKindOfLayer() {
    Set<Class<?>> stored =
        Stream.of(
                TinyModels.integer(), TinyModels.blocks(), TinyModels.binary(), TinyModels.pools())
            .flatMap(model -> model.network().network().nodes().stream())
            .map(node -> node.layer().getClass())
            .collect(Collectors.toSet());
    assertEquals(Set.of(Layer.class.getPermittedSubclasses()), stored);
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 1, Integer.MAX_VALUE})
  void refusesOtherVersions(int version) {
    ModelProto proto = TinyModels.integer().serialize().toBuilder().setVersion(version).build();
    assertRefused(proto, "Unknown version " + version);
  }

  @Test
  void refusesJavaSerialization() {
    assertThrows(
        NotSerializableException.class,
        () ->
            new ObjectOutputStream(new ByteArrayOutputStream()).writeObject(TinyModels.integer()));
  }

  @Test
  void namesWhatIsWrongWithANetwork() throws IOException {
    assertDamage(network -> network.removeFloats("bn1/beta"), "'bn1/beta' is missing");
    assertDamage(
        network -> network.putFloats("bn1/beta", floats(1, 2)), "'bn1/beta' holds 2 values");
    assertDamage(
        network -> network.putFloats("bn1/beta", floats(1, 2, 3, Float.NaN)),
        "'bn1/beta' holds NaN");
    assertDamage(
        network -> network.putFloats("bn1/variance", floats(1, 2, 3, -1)),
        "'bn1/variance' holds the negative value");
    assertDamage(network -> network.putFloats("bn9/beta", floats(1)), "bn9/beta");
    assertDamage(network -> network.removePacked("conv1"), "packed weights of 'conv1' are missing");
    assertDamage(weights(w -> w.setTau(0)), "'conv1': tau is 0");
    assertDamage(weights(w -> w.setTau(10)), "'conv1': tau is 10");
    assertDamage(weights(w -> w.setTau(3)), "'conv1'");
    assertDamage(weights(w -> w.setCodebook(1, 512)), "Codeword 1 is 512");
    assertDamage(weights(w -> w.setInChannels(1 << 30).setOutChannels(1 << 30)), "'conv1'");
    assertDamage(weights(w -> w.setInChannels(-4)), "'conv1'");
    assertDamage(weights(w -> w.setScale(0, Float.POSITIVE_INFINITY)), "'conv1'");
    assertDamage(weights(w -> w.clearIndex()), "'conv1'");
    assertDamage(
        node(n -> n.getMaxPoolBuilder().setKernel(5)), "'conv1': Max pooling needs a kernel");
    assertDamage(conv(c -> c.setOutChannels(8)), "'bn1' reads 8 x 6 x 5");
    assertDamage(conv(c -> c.setInChannels(3)), "'conv1' reads 4 x 6 x 5");
    assertDamage(conv(c -> c.setKernel(5)), "'conv1'");
    assertDamage(conv(c -> c.setStride(0)), "'conv1'");
    assertDamage(conv(c -> c.setKernel(1)), "'conv1'");
    assertDamage(conv(c -> c.setBinaryActivations(true)), "'conv1' binarises its input and cannot");
    assertDamage(network -> network.getNetworkBuilder().setWidth(0), "image shape");
    assertDamage(
        network -> network.getNetworkBuilder().setHeight(20_000).setWidth(20_000), "more than");
    assertDamage(network -> network.getNetworkBuilder().setClasses(5), "'classifier'");
    assertDamage(node(n -> n.clearLayer()), "no layer that this version knows");
    assertDamage(node(n -> n.clearInputs()), "'conv1'");
    assertDamage(node(n -> n.setInputs(0, "classifier")), "'conv1'");
    assertDamage(node(n -> n.setName("relu0")), "'relu0'");
    assertDamage(range("relu0", 0, 0), "'relu0'");
    assertDamage(range("relu0", 1, 256), "'relu0'");
    assertDamage(range("relu1", 1, 7), "ReLU 'relu1' must have zero point 0");
    assertDamage(range("pool", 1, 0), "pool");
    assertDamage(network -> network.removeRanges("relu1"), "'relu1' needs a quantized range");
    // Without this range the convolution would extend to the end of its residual block.
    assertDamage(network -> network.removeRanges("bn2"), "'add' needs a quantized range");
    ModelProto blocks = TinyModels.blocks().serialize();
    assertDamage(blocks, network -> network.removeRanges("add2"), "'add2' needs a quantized range");
    assertDamage(blocks, network -> network.removeRanges("bn3"), "'bn3' needs a quantized range");
    assertDamage(blocks, range("relu1", 1, 7), "ReLU 'relu1' must have zero point 0");
    assertDamage(blocks, range("add1", 1, 0), "add1");
    ModelProto network = TinyModels.network().serialize();
    assertDamage(network, integers(8, 6), "the integer form: Not an integer form: width 8");
    assertDamage(network, integers(17, 6), "width 17");
    assertDamage(network, integers(16, 0), "fraction bits 0");
    assertDamage(network, integers(16, 15), "fraction bits 15");
    assertDamage(network, range("after1", 1, 0), "has no quantized ranges");
    assertDamage(integers(16, 6), "has no quantized ranges");
    assertDamage(TinyModels.pools().serialize(), integers(16, 6), "'conv1' has real activations");
  }

  private static FloatsProto floats(float... values) {
    FloatsProto.Builder proto = FloatsProto.newBuilder();
    for (float value : values) {
      proto.addValues(value);
    }
    return proto.build();
  }

  private static Consumer<TrainedNetworkProto.Builder> weights(
      Consumer<PackedConvWeightsProto.Builder> change) {
    return network -> {
      PackedConvWeightsProto.Builder weights = network.getPackedOrThrow("conv1").toBuilder();
      change.accept(weights);
      network.putPacked("conv1", weights.build());
    };
  }

  private static Consumer<TrainedNetworkProto.Builder> node(Consumer<NodeProto.Builder> change) {
    return network ->
        network.getNetworkBuilder().getNodesBuilderList().stream()
            .filter(node -> node.getName().equals("conv1"))
            .forEach(change);
  }

  private static Consumer<TrainedNetworkProto.Builder> conv(Consumer<ConvProto.Builder> change) {
    return node(node -> change.accept(node.getConvBuilder()));
  }

  private static Consumer<TrainedNetworkProto.Builder> range(
      String node, float scale, int zeroPoint) {
    return network ->
        network.putRanges(
            node, QuantizedRangeProto.newBuilder().setScale(scale).setZeroPoint(zeroPoint).build());
  }

  private static Consumer<TrainedNetworkProto.Builder> integers(int width, int fractionBits) {
    return network ->
        network.setIntegers(
            IntegerFormProto.newBuilder().setWidth(width).setFractionBits(fractionBits));
  }

  private static void assertDamage(Consumer<TrainedNetworkProto.Builder> damage, String part)
      throws IOException {
    assertDamage(TinyModels.integer().serialize(), damage, part);
  }

  private static void assertDamage(
      ModelProto intact, Consumer<TrainedNetworkProto.Builder> damage, String part)
      throws IOException {
    SubBitModelProto.Builder model =
        intact.getSerializedData().unpack(SubBitModelProto.class).toBuilder();
    damage.accept(model.getNetworkBuilder());
    assertRefused(intact.toBuilder().setSerializedData(Any.pack(model.build())).build(), part);
  }

  /** Tribuo wraps what a model class throws, so the message may be that of a cause. */
  private static void assertRefused(ModelProto proto, String part) {
    Throwable thrown =
        assertThrows(IllegalStateException.class, () -> Model.deserialize(proto), part);
    StringBuilder messages = new StringBuilder();
    for (Throwable t = thrown; t != null; t = t.getCause()) {
      messages.append(t.getMessage()).append('\n');
    }
    assertTrue(messages.toString().contains(part), messages.toString());
  }

  /**
   * Flips bits and cuts ends off. A damaged file may still load, since not every bit matters, but
   * then it holds a whole network; every other file ends in an exception with a message.
   */
  @Test
  void survivesThousandsOfDamagedFiles() throws Exception {
    List<byte[]> loaded = new ArrayList<>();
    for (SubBitModel model :
        List.of(
            TinyModels.integer(), TinyModels.blocks(), TinyModels.binary(), TinyModels.network())) {
      byte[] intact = model.serialize().toByteArray();
      TrainedNetworkProto original = NetworkCodec.encode(model.network());
      Random random = new Random(41);
      // The network is the last part of the file; names, provenance and domains come before it.
      int networkBytes = original.getSerializedSize();
      for (int i = 0; i < DAMAGED; i++) {
        byte[] damaged = intact.clone();
        int from = i % 2 == 0 ? 0 : intact.length - networkBytes;
        for (int flips = 1 + random.nextInt(2); flips > 0; flips--) {
          int bit = 8 * from + random.nextInt(8 * (intact.length - from));
          damaged[bit / 8] ^= (byte) (1 << bit % 8);
        }
        load(damaged, original, loaded);
      }
      for (int length = 0; length < intact.length; length += 100_000 / DAMAGED) {
        load(Arrays.copyOf(intact, length), original, loaded);
      }
    }
    assertFalse(loaded.isEmpty());
    predictInAnotherProcess(loaded);
  }

  /** Loads a damaged file; keeps it if it gives another network. */
  private static void load(byte[] damaged, TrainedNetworkProto original, List<byte[]> loaded) {
    try (SubBitModel model =
        (SubBitModel) Model.deserializeFromStream(new ByteArrayInputStream(damaged))) {
      if (!NetworkCodec.encode(model.network()).equals(original)) {
        loaded.add(damaged);
      }
    } catch (IOException | IllegalStateException | IllegalArgumentException e) {
      assertFalse(e.getMessage() == null || e.getMessage().isBlank(), e.toString());
    }
  }

  /** Native code sees these networks, so they run where a crash would not take the tests along. */
  private void predictInAnotherProcess(List<byte[]> models) throws Exception {
    int step = Math.max(1, models.size() / 100);
    for (int i = 0; i < models.size(); i += step) {
      Files.write(folder.resolve(i + ".sbm"), models.get(i));
    }
    Path log = folder.resolve("log");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-cp",
                System.getProperty("java.class.path"),
                PredictAll.class.getName(),
                folder.toString())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    if (!process.waitFor(120, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      fail("Predicting did not end; " + Files.readString(log));
    }
    assertEquals(0, process.exitValue(), Files.readString(log));
  }

  /**
   * Predicts with every model of a folder on both CPU back ends; exits with 0 if nothing breaks.
   */
  static final class PredictAll {

    private PredictAll() {}

    public static void main(String[] arguments) throws IOException {
      try (var files = Files.newDirectoryStream(Path.of(arguments[0]), "*.sbm")) {
        for (Path file : files) {
          try (SubBitModel model = (SubBitModel) Model.deserializeFromFile(file)) {
            predict(model);
          }
        }
      }
    }

    private static void predict(SubBitModel model) {
      for (String backend : List.of("onnxruntime", "native")) {
        try (SubBitModel other = model.withBackend(backend, Map.of())) {
          other.predict(TinyModels.data());
        } catch (IllegalStateException | IllegalArgumentException e) {
          // Refused with a message, as when folding overflows or every probability is NaN.
          if (e.getMessage() == null || e.getMessage().isBlank()) {
            throw new AssertionError(backend, e);
          }
        }
      }
    }
  }

  @Test
  void leavesTheOldFileWhereWritingFails() throws IOException {
    Path file = folder.resolve("model.sbm");
    Files.writeString(file, "old");
    assertThrows(
        IOException.class,
        () ->
            AtomicFile.write(
                file,
                out -> {
                  out.write(new byte[100_000]);
                  throw new IOException("disk full");
                }));
    assertEquals("old", Files.readString(file));
    TinyModels.integer().serializeToFile(file);
    assertEquals(
        "tiny-integer", ((SubBitModel) Model.deserializeFromFile(file)).network().network().name());
    try (var files = Files.list(folder)) {
      assertEquals(List.of(file), files.toList(), "no temporary file is left behind");
    }
  }
}
