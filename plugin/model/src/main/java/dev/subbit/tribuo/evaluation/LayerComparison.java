package dev.subbit.tribuo.evaluation;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.subbit.onnx.SubBitSessions;
import dev.subbit.tribuo.export.OnnxExporter;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntConsumer;

/**
 * Compares every value between the layers of a network that computes in integers, on several back
 * ends. All back ends take their turns with each few images, since the values of all images would
 * not fit into memory. For one thread.
 */
public final class LayerComparison implements AutoCloseable {

  /**
   * What the comparison of one back end found.
   *
   * @param model the model's file.
   * @param backend where it ran.
   * @param images number of images.
   * @param layers number of layers.
   * @param values values of all layers and images together.
   * @param differing how many of these differ from those of the first back end.
   * @param firstDiffering the first layer, in the network's order, with such a value; null if there
   *     is none.
   */
  public record Result(
      String model,
      String backend,
      int images,
      int layers,
      long values,
      long differing,
      String firstDiffering) {}

  /** So many that a call costs nothing beside them, and so few that their values fit. */
  private static final int IMAGES = 8;

  private final List<String> nodes;
  private final Map<Place, OrtSession> sessions = new LinkedHashMap<>();

  /**
   * Opens a session on each back end.
   *
   * @param model a model that gives the values of nodes, of {@link OnnxExporter#exportValues}.
   * @param nodes the nodes, in the network's order.
   * @param places the back ends.
   * @throws IllegalStateException if one of them refuses the model.
   */
  public LayerComparison(byte[] model, List<String> nodes, List<Place> places) {
    this.nodes = nodes;
    for (Place place : places) {
      try (OrtSession.SessionOptions options = place.sessionOptions()) {
        sessions.put(place, SubBitSessions.create(model, options));
      } catch (OrtException e) {
        close();
        throw place.failure(e);
      }
    }
  }

  /**
   * Runs all images.
   *
   * @param model the model's file, for the results.
   * @param inputs the images.
   * @param progress receives the number of finished images.
   * @return one result for each back end but the first.
   * @throws IllegalStateException if a back end fails.
   */
  public List<Result> run(String model, ModelInputs inputs, IntConsumer progress) {
    List<Place> others = sessions.keySet().stream().skip(1).toList();
    long[][] differing = new long[others.size()][nodes.size()];
    long values = 0;
    int done = 0;
    for (float[][] batch : inputs.batches()) {
      for (int from = 0; from < batch.length; from += IMAGES) {
        float[][] images = Arrays.copyOfRange(batch, from, Math.min(batch.length, from + IMAGES));
        List<float[]> expected = null;
        int place = -1;
        for (OrtSession session : sessions.values()) {
          List<float[]> found = values(session, images);
          if (expected == null) {
            expected = found;
            values += found.stream().mapToLong(layer -> layer.length).sum();
          } else {
            count(expected, found, differing[place]);
          }
          place++;
        }
        done += images.length;
        progress.accept(done);
      }
    }
    List<Result> results = new ArrayList<>();
    for (int place = 0; place < others.size(); place++) {
      long[] ofPlace = differing[place];
      String first = null;
      for (int node = nodes.size() - 1; node >= 0; node--) {
        first = ofPlace[node] > 0 ? nodes.get(node) : first;
      }
      results.add(
          new Result(
              model,
              others.get(place).name(),
              inputs.size(),
              nodes.size(),
              values,
              Arrays.stream(ofPlace).sum(),
              first));
    }
    return results;
  }

  private static void count(List<float[]> expected, List<float[]> found, long[] differing) {
    for (int node = 0; node < differing.length; node++) {
      for (int i = 0; i < expected.get(node).length; i++) {
        int wanted = Float.floatToRawIntBits(expected.get(node)[i]);
        if (wanted != Float.floatToRawIntBits(found.get(node)[i])) {
          differing[node]++;
        }
      }
    }
  }

  private List<float[]> values(OrtSession session, float[][] images) {
    try (OnnxTensor input = OnnxTensor.createTensor(OrtEnvironment.getEnvironment(), images);
        OrtSession.Result result = session.run(Map.of(OnnxExporter.INPUT, input))) {
      List<float[]> values = new ArrayList<>();
      for (String node : nodes) {
        FloatBuffer buffer =
            ((OnnxTensor) result.get(OnnxExporter.valueName(node)).orElseThrow()).getFloatBuffer();
        float[] layer = new float[buffer.remaining()];
        buffer.get(layer);
        values.add(layer);
      }
      return values;
    } catch (OrtException e) {
      throw new IllegalStateException("A layer cannot be run: " + e.getMessage(), e);
    }
  }

  @Override
  public void close() {
    for (OrtSession session : sessions.values()) {
      try {
        session.close();
      } catch (OrtException e) {
        throw new IllegalStateException("ONNX Runtime cannot close a session", e);
      }
    }
  }
}
