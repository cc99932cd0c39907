package dev.subbit.integration;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.subbit.onnx.ExecutionBackend;
import dev.subbit.onnx.NativeLibrary;
import dev.subbit.onnx.SubBitOperator;
import dev.subbit.onnx.SubBitSessions;
import dev.subbit.tribuo.SubBitModel;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.Provider;
import java.security.SecureRandomSpi;
import java.security.Security;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.tribuo.Model;
import org.tribuo.classification.Label;
import org.tribuo.impl.ArrayExample;

/**
 * Prints a digest of the output bits of models on every back end, one line per model and back end,
 * so that two platforms can be compared: {@code integration-tests/windows/run.sh} does it with
 * Linux and Windows under Wine.
 *
 * <p>Arguments: folders with saved models ({@code .sbm}). One-node models of every operator come
 * first.
 */
final class OutputDigests {

  private static final int CHANNELS = 40;
  private static final int SIZE = 13;
  private static final int EXAMPLES = 4;
  private static final long SEED = 42;

  /** Name of a back end and the settings that make it the same on every machine. */
  private static final Map<String, Map<String, String>> BACKENDS =
      new TreeMap<>(
          Map.of(
              "native", Map.of(),
              "onnxruntime", Map.of(),
              "fpga", Map.of("backend", "emulator")));

  private OutputDigests() {}

  public static void main(String[] folders) throws Exception {
    if (Boolean.getBoolean("subbit.wine")) {
      Security.insertProviderAt(new WineRandom(), 1);
    }
    System.err.println("Platform: " + NativeLibrary.platform());
    for (SubBitOperator operator : SubBitOperator.values()) {
      for (int tau : new int[] {4, 6}) {
        for (String backend : BACKENDS.keySet()) {
          print(
              operator.name().toLowerCase(Locale.ROOT) + "-" + tau,
              backend,
              ofOperator(operator, tau, backend));
        }
      }
    }
    for (String folder : folders) {
      for (Path file : savedModels(Path.of(folder))) {
        for (String backend : BACKENDS.keySet()) {
          print(file.getFileName().toString(), backend, ofModel(file, backend));
        }
      }
    }
  }

  private static void print(String model, String backend, MessageDigest digest) {
    System.out.print(
        model + " " + backend + " " + HexFormat.of().formatHex(digest.digest()) + "\n");
    System.out.flush();
  }

  private static List<Path> savedModels(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      List<Path> models =
          files
              .filter(file -> file.getFileName().toString().endsWith(".sbm"))
              .sorted()
              .collect(Collectors.toList());
      if (models.isEmpty()) {
        throw new IllegalArgumentException("There is no saved model in " + folder);
      }
      return models;
    }
  }

  private static MessageDigest ofOperator(SubBitOperator operator, int tau, String backend)
      throws OrtException, NoSuchAlgorithmException {
    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    byte[] model = SmallModels.of(operator, tau, CHANNELS, SIZE).toByteArray();
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions();
        OnnxTensor x = SmallModels.input(operator, CHANNELS, SIZE)) {
      ExecutionBackend.named(backend).configure(options, BACKENDS.get(backend));
      try (OrtSession session = SubBitSessions.create(model, options);
          OrtSession.Result result = session.run(Map.of("x", x))) {
        for (Map.Entry<String, OnnxValue> output : result) {
          digest.update(bytes((OnnxTensor) output.getValue()));
        }
      }
    }
    return digest;
  }

  private static byte[] bytes(OnnxTensor tensor) {
    ByteBuffer buffer = tensor.getByteBuffer();
    byte[] bytes = new byte[buffer.remaining()];
    buffer.get(bytes);
    return bytes;
  }

  private static MessageDigest ofModel(Path file, String backend)
      throws IOException, NoSuchAlgorithmException {
    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    try (SubBitModel stored = (SubBitModel) Model.deserializeFromFile(file);
        SubBitModel model = stored.withBackend(backend, BACKENDS.get(backend))) {
      String[] pixels = stored.getFeatureIDMap().keySet().stream().sorted().toArray(String[]::new);
      Random random = new Random(SEED);
      for (int i = 0; i < EXAMPLES; i++) {
        double[] values = random.doubles(pixels.length).toArray();
        Map<String, Label> scores =
            model
                .predict(new ArrayExample<>(new Label("unknown"), pixels, values))
                .getOutputScores();
        for (Label label : new TreeMap<>(scores).values()) {
          digest.update(ByteBuffer.allocate(Double.BYTES).putDouble(label.getScore()).array());
        }
      }
    }
    return digest;
  }

  /**
   * A source of random numbers for Wine, whose system source crashes the Java of Windows. They name
   * temporary folders here, and nothing depends on them being hard to guess.
   */
  @SuppressWarnings("serial")
  private static final class WineRandom extends Provider {
    WineRandom() {
      super("WineRandom", "1", "For tests under Wine only");
      put("SecureRandom.WineRandom", Source.class.getName());
    }

    /** Where the provider takes them from. */
    public static final class Source extends SecureRandomSpi {
      private final Random random = new Random();

      @Override
      protected void engineSetSeed(byte[] seed) {}

      @Override
      protected void engineNextBytes(byte[] bytes) {
        random.nextBytes(bytes);
      }

      @Override
      protected byte[] engineGenerateSeed(int count) {
        byte[] seed = new byte[count];
        random.nextBytes(seed);
        return seed;
      }
    }
  }
}
