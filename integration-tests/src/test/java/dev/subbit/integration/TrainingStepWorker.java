package dev.subbit.integration;

import dev.subbit.onnx.PackedConvWeights;
import dev.subbit.tribuo.network.ImageShape;
import dev.subbit.tribuo.network.InitialParameters;
import dev.subbit.tribuo.network.Layer;
import dev.subbit.tribuo.network.Network;
import dev.subbit.tribuo.network.Networks;
import dev.subbit.tribuo.settings.Assignment;
import dev.subbit.tribuo.settings.CodebookStart;
import dev.subbit.tribuo.settings.Selection;
import dev.subbit.tribuo.training.internal.batches.Pixels;
import dev.subbit.tribuo.training.internal.codebook.CodebookPlan;
import dev.subbit.tribuo.training.internal.engine.Recipe;
import dev.subbit.tribuo.training.internal.engine.TrainingEngine;
import dev.subbit.tribuo.training.internal.engine.TrainingPlan;
import dev.subbit.tribuo.training.internal.engine.TrainingRun;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * Subbit's side of {@code bench/training_speed.py}, which starts it, sends it images and compares
 * it with PyTorch.
 *
 * <p>Arguments: folder, network, REAL or BINARY, FLOAT or SUB_BIT, tau, batch size, threads. In the
 * folder it reads {@code pixels} (float32, [images, 28 * 28]) and {@code classes} (int32), and
 * writes its initial parameters as {@code <node>.<parameter>} (float32, in the layout of {@link
 * Layer}) and each codebook's taps as {@code <node>.codebook} (float32, [2^tau, 9]). All files are
 * little-endian. Then, for every line {@code <n>} on its input, it makes n steps and prints, on one
 * line, the seconds that they took and the loss of each.
 */
final class TrainingStepWorker {

  private static final ImageShape IMAGE = new ImageShape(1, 28, 28);
  private static final int CLASSES = 10;

  private final TrainingRun run;
  private final Pixels[] pixels;
  private final int[][] classes;
  private int step;

  private TrainingStepWorker(TrainingRun run, Pixels[] pixels, int[][] classes) {
    this.run = run;
    this.pixels = pixels;
    this.classes = classes;
  }

  /** Runs the worker; see the class for the arguments. */
  public static void main(String[] arguments) throws IOException {
    Path folder = Path.of(arguments[0]);
    Network network =
        Networks.build(
            arguments[1],
            IMAGE,
            CLASSES,
            Layer.Weights.valueOf(arguments[3]),
            Layer.Activations.valueOf(arguments[2]));
    int batch = Integer.parseInt(arguments[5]);
    CodebookPlan codebooks =
        new CodebookPlan(
            Integer.parseInt(arguments[4]),
            Selection.REFINED,
            CodebookStart.RANDOM,
            Assignment.NEAREST,
            25,
            1e-3f);
    int threads = Integer.parseInt(arguments[6]);
    // With this many steps, the learning rate is practically constant, as it is on PyTorch's side.
    TrainingPlan plan = new TrainingPlan(1_000_000, Recipe.adam(1e-3f), codebooks, threads, 1);
    Map<String, float[]> initial = InitialParameters.draw(network, new SplittableRandom(1));
    for (Map.Entry<String, float[]> parameter : initial.entrySet()) {
      write(folder.resolve(parameter.getKey().replace('/', '.')), parameter.getValue());
    }
    try (TrainingRun run = TrainingEngine.load().start(network, plan, initial)) {
      for (Map.Entry<String, PackedConvWeights> conv : run.network().packed().entrySet()) {
        write(folder.resolve(conv.getKey() + ".codebook"), taps(conv.getValue()));
      }
      new TrainingStepWorker(
              run,
              batches(floats(folder.resolve("pixels")), batch),
              batches(ints(folder.resolve("classes")), batch))
          .serve();
    }
  }

  private void serve() throws IOException {
    System.out.println("ready");
    BufferedReader requests =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
    for (String line = requests.readLine(); line != null; line = requests.readLine()) {
      System.out.println(steps(Integer.parseInt(line)));
    }
  }

  private String steps(int count) {
    StringBuilder losses = new StringBuilder();
    long start = System.nanoTime();
    for (int i = 0; i < count; i++) {
      int batch = step++ % classes.length;
      losses.append(' ').append(run.step(pixels[batch], classes[batch]).loss());
    }
    return (System.nanoTime() - start) / 1e9 + losses.toString();
  }

  private static float[] taps(PackedConvWeights weights) {
    byte[] taps = weights.codebook().toTaps();
    float[] values = new float[taps.length];
    for (int i = 0; i < taps.length; i++) {
      values[i] = taps[i];
    }
    return values;
  }

  /** Batches of bytes, as a training on these images feeds them. */
  private static Pixels[] batches(float[] pixels, int batch) {
    int size = batch * IMAGE.size();
    Pixels[] batches = new Pixels[pixels.length / size];
    for (int i = 0; i < batches.length; i++) {
      byte[] bytes = new byte[size];
      for (int j = 0; j < size; j++) {
        bytes[j] = (byte) pixels[i * size + j];
      }
      batches[i] = Pixels.of(bytes);
    }
    return batches;
  }

  private static int[][] batches(int[] classes, int batch) {
    int[][] batches = new int[classes.length / batch][];
    Arrays.setAll(batches, i -> Arrays.copyOfRange(classes, i * batch, (i + 1) * batch));
    return batches;
  }

  private static ByteBuffer read(Path file) throws IOException {
    return ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static float[] floats(Path file) throws IOException {
    ByteBuffer bytes = read(file);
    float[] values = new float[bytes.remaining() / Float.BYTES];
    bytes.asFloatBuffer().get(values);
    return values;
  }

  private static int[] ints(Path file) throws IOException {
    ByteBuffer bytes = read(file);
    int[] values = new int[bytes.remaining() / Integer.BYTES];
    bytes.asIntBuffer().get(values);
    return values;
  }

  private static void write(Path file, float[] values) throws IOException {
    ByteBuffer bytes =
        ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    Files.write(file, bytes.array());
  }
}
