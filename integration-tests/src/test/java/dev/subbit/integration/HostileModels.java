package dev.subbit.integration;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import dev.subbit.onnx.ExecutionBackend;
import dev.subbit.onnx.SubBitOperator;
import dev.subbit.onnx.SubBitSessions;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.Set;

/**
 * Loads and runs invalid models. This is a separate program because it is meant to reveal crashes,
 * which would end the test's own process.
 */
final class HostileModels {

  /** The operators whose models are damaged; the block's model also has a node that packs signs. */
  static final Set<SubBitOperator> DAMAGED =
      Set.of(
          SubBitOperator.SUB_BIT_CONV,
          SubBitOperator.BINARY_SUB_BIT_CONV,
          SubBitOperator.Q_LINEAR_SUB_BIT_CONV,
          SubBitOperator.Q_LINEAR_SUB_BIT_BLOCK,
          SubBitOperator.BINARY_SUB_BIT_BLOCK);

  private static final int CHANNELS = 3;
  private static final int SIZE = 5;

  private final ExecutionBackend backend;

  private HostileModels(ExecutionBackend backend) {
    this.backend = backend;
  }

  /**
   * Prints {@code ran} or {@code refused} and the reason for each {@link HostileEdit}. Given a
   * number, it damages that many models instead, and prints how many ran and how many were refused.
   *
   * @param arguments name of the back end; optionally the number of damaged models of each of
   *     {@link #DAMAGED}.
   */
  public static void main(String[] arguments) throws OrtException {
    OrtEnvironment.getEnvironment(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL);
    HostileModels models = new HostileModels(ExecutionBackend.named(arguments[0]));
    for (SubBitOperator operator : SubBitOperator.values()) {
      try (OnnxTensor x = SmallModels.input(operator, CHANNELS, SIZE)) {
        if (arguments.length == 1) {
          models.runEdited(operator, x);
        } else if (DAMAGED.contains(operator)) {
          models.runDamaged(operator, x, Integer.parseInt(arguments[1]));
        }
      }
    }
  }

  private static ModelProto good(SubBitOperator operator) {
    return SmallModels.of(operator, 2, CHANNELS, SIZE);
  }

  private void runEdited(SubBitOperator operator, OnnxTensor x) throws OrtException {
    for (HostileEdit edit : HostileEdit.all(operator)) {
      byte[] model = edit.applyTo(good(operator)).toByteArray();
      String outcome;
      try {
        run(model, x);
        outcome = "ran";
      } catch (OrtException e) {
        outcome = "refused: " + e.getMessage().replace('\n', ' ');
      }
      System.out.println(operator.opType() + " " + edit.name() + " " + outcome);
    }
  }

  private void runDamaged(SubBitOperator operator, OnnxTensor x, int count) throws OrtException {
    run(good(operator).toByteArray(), x);
    Random random = new Random(operator.ordinal());
    int ran = 0;
    for (int i = 0; i < count; i++) {
      // Most of a small model's bytes are its functions, where every change is refused at once, so
      // three quarters of the damage goes to the rest.
      byte[] model =
          i % 4 == 0
              ? damaged(good(operator).toByteArray(), random)
              : withDamagedGraph(good(operator), random);
      try {
        run(model, x);
        ran++;
      } catch (OrtException e) {
        if (e.getMessage() == null || e.getMessage().isBlank()) {
          throw new IllegalStateException("Refused without a message", e);
        }
      }
    }
    System.out.println(operator.opType() + " ran " + ran + " refused " + (count - ran));
  }

  /** Damages only the graph; the parts of a protobuf message may be written one after another. */
  private static byte[] withDamagedGraph(ModelProto model, Random random) {
    ModelProto functions =
        ModelProto.newBuilder().addAllFunctions(model.getFunctionsList()).build();
    byte[] rest = damaged(model.toBuilder().clearFunctions().build().toByteArray(), random);
    ByteArrayOutputStream whole = new ByteArrayOutputStream();
    whole.writeBytes(rest);
    whole.writeBytes(functions.toByteArray());
    return whole.toByteArray();
  }

  /** Flips one to three bits, or cuts off the end. */
  private static byte[] damaged(byte[] bytes, Random random) {
    if (random.nextInt(10) == 0) {
      return Arrays.copyOf(bytes, random.nextInt(bytes.length));
    }
    byte[] copy = bytes.clone();
    for (int flips = random.nextInt(3); flips >= 0; flips--) {
      copy[random.nextInt(copy.length)] ^= (byte) (1 << random.nextInt(8));
    }
    return copy;
  }

  private void run(byte[] model, OnnxTensor x) throws OrtException {
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setIntraOpNumThreads(1);
      backend.configure(options, Map.of());
      try (OrtSession session = SubBitSessions.create(model, options)) {
        session.run(Map.of("x", x)).close();
      }
    }
  }
}
