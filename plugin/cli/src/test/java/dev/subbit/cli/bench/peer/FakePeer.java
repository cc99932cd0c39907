package dev.subbit.cli.bench.peer;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A peer that speaks the protocol of {@code openvino_peer.py} and runs models in ONNX Runtime. It
 * claims that a run of model n takes n + 1 seconds. Started with {@code nonsense}, it gives outputs
 * of zeros; with {@code broken}, it complains and ends at once.
 */
public final class FakePeer {

  private static final ObjectMapper JSON = new ObjectMapper();

  private final boolean nonsense;
  private final Map<Integer, OrtSession> sessions = new HashMap<>();
  private final Map<Integer, Map<String, OnnxTensor>> inputs = new HashMap<>();

  private FakePeer(boolean nonsense) {
    this.nonsense = nonsense;
  }

  /** The command line that starts this class in a process of its own. */
  public static List<String> command(String mode) {
    return List.of(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "-cp",
        System.getProperty("java.class.path"),
        FakePeer.class.getName(),
        mode);
  }

  /** Answers requests until there are no more. */
  public static void main(String[] args) throws IOException {
    if (args[0].equals("broken")) {
      System.err.println("no such engine");
      return;
    }
    System.out.println("{\"version\": \"Fake 1.2\"}");
    FakePeer peer = new FakePeer(args[0].equals("nonsense"));
    BufferedReader requests =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = requests.readLine(); line != null; line = requests.readLine()) {
      Object answer;
      try {
        answer = peer.answer(JSON.readTree(line));
      } catch (OrtException | RuntimeException e) {
        answer = Map.of("error", "The fake failed: " + e.getMessage());
      }
      System.out.println(JSON.writeValueAsString(answer));
    }
  }

  private Map<String, ?> answer(JsonNode request) throws IOException, OrtException {
    if (request.has("load")) {
      load(request.get("load").asInt(), request);
      return Map.of();
    }
    if (request.has("run")) {
      return Map.of("seconds", (request.get("run").asInt() + 1.0) * request.get("runs").asInt());
    }
    int number = request.get("outputs").asInt();
    List<String> files = new ArrayList<>();
    try (OrtSession.Result result = sessions.get(number).run(inputs.get(number))) {
      for (var value : result) {
        byte[] bytes = new byte[((OnnxTensor) value.getValue()).getByteBuffer().remaining()];
        if (!nonsense) {
          ((OnnxTensor) value.getValue()).getByteBuffer().get(bytes);
        }
        Path file = Path.of(request.get("folder").asText(), files.size() + ".output");
        files.add(Files.write(file, bytes).toString());
      }
    }
    return Map.of("files", files);
  }

  private void load(int number, JsonNode request) throws IOException, OrtException {
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    OrtSession session = environment.createSession(request.get("model").asText());
    Map<String, OnnxTensor> tensors = new HashMap<>();
    for (NodeInfo input : session.getInputInfo().values()) {
      byte[] bytes =
          Files.readAllBytes(Path.of(request.get("inputs").get(input.getName()).asText()));
      ByteBuffer memory = ByteBuffer.allocateDirect(bytes.length).order(ByteOrder.nativeOrder());
      memory.put(0, bytes);
      TensorInfo info = (TensorInfo) input.getInfo();
      long[] shape = info.getShape();
      shape[0] = Math.max(1, shape[0]);
      tensors.put(input.getName(), OnnxTensor.createTensor(environment, memory, shape, info.type));
    }
    sessions.put(number, session);
    inputs.put(number, tensors);
  }
}
