package dev.subbit.tribuo.training.teacher;

import dev.subbit.tribuo.export.OnnxExporter;
import dev.subbit.tribuo.network.TrainedNetwork;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A trained network as a teacher, run in ONNX Runtime up to its logits. It may know fewer pixels
 * than the network that it teaches, and more classes. Used by one thread at a time.
 */
public final class NetworkTeacherSession implements TeacherSession {

  private final OnnxTeacherSession session;
  private final int[] positions;
  private final int imageSize;
  private final int known;
  private final int[] classes;

  private NetworkTeacherSession(
      OnnxTeacherSession session, int[] positions, int imageSize, int known, int[] classes) {
    this.session = session;
    this.positions = positions;
    this.imageSize = imageSize;
    this.known = known;
    this.classes = classes;
  }

  /**
   * Opens a network that knows all pixels and the classes of what it teaches, in the same order.
   *
   * @param name its name in messages.
   * @param network the network.
   * @param threads threads to run with.
   * @return the session, to be closed by the caller.
   */
  public static NetworkTeacherSession of(String name, TrainedNetwork network, int threads) {
    return of(
        name,
        network,
        IntStream.range(0, network.network().input().size()).toArray(),
        IntStream.range(0, network.network().classes()).toArray(),
        threads);
  }

  /**
   * Opens a network whose pixels and classes may be in another order.
   *
   * @param name its name in messages.
   * @param network the network.
   * @param positions the pixel positions of its features, in the order of their ids.
   * @param classes its class for each class of what it teaches.
   * @param threads threads to run with.
   * @return the session, to be closed by the caller.
   */
  static NetworkTeacherSession of(
      String name, TrainedNetwork network, int[] positions, int[] classes, int threads) {
    String logits = network.network().output().name();
    byte[] onnx = OnnxExporter.exportValues(network, positions, List.of(logits)).toByteArray();
    return new NetworkTeacherSession(
        new OnnxTeacherSession(name, onnx, threads),
        positions,
        network.network().input().size(),
        network.network().classes(),
        classes);
  }

  @Override
  public float[] logits(float[] pixels, int images) {
    float[] features = new float[images * positions.length];
    for (int i = 0; i < features.length; i++) {
      features[i] = pixels[i / positions.length * imageSize + positions[i % positions.length]];
    }
    float[] all = session.run(features, new long[] {images, positions.length}, known);
    float[] logits = new float[images * classes.length];
    for (int i = 0; i < logits.length; i++) {
      logits[i] = all[i / classes.length * known + classes[i % classes.length]];
    }
    return logits;
  }

  @Override
  public void close() {
    session.close();
  }
}
