package dev.subbit.tribuo.training.internal.engine;

import dev.subbit.tribuo.io.Sha256;
import dev.subbit.tribuo.training.internal.codebook.CodebookState;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * The complete state of a training after some steps. A run that is restored from it and makes the
 * remaining steps on the same batches ends with the same bits as the run that went on (on the same
 * machine, with as many threads). There is no state of a random number generator in it, since
 * random numbers are drawn by {@link dev.subbit.tribuo.training.internal.random.RandomPlace}.
 *
 * <p>Immutable by contract: callers leave the arrays as they are.
 *
 * @param step number of steps that were made.
 * @param variables all variables by name: the network's parameters under their full names, latent
 *     weights and moving statistics included, and what the optimiser keeps for each of them under
 *     names derived from theirs.
 * @param codebooks the states of the codebook learners, by node name.
 */
public record TrainingState(
    int step, Map<String, float[]> variables, Map<String, CodebookState> codebooks) {

  /** The end of the name under which the average of a parameter is kept, after its own name. */
  public static final String AVERAGE = "/average";

  // Copies the maps, sorted by name so that everything made from them is reproducible.
  public TrainingState {
    if (step < 0) {
      throw new IllegalArgumentException("A training cannot have made " + step + " steps");
    }
    variables = Collections.unmodifiableMap(new TreeMap<>(variables));
    codebooks = Collections.unmodifiableMap(new TreeMap<>(codebooks));
  }

  /**
   * The same state with every parameter of which there is an average replaced by it.
   *
   * @return a new state; this one stays.
   */
  public TrainingState withAverages() {
    Map<String, float[]> replaced = new TreeMap<>(variables);
    replaced.replaceAll((name, value) -> variables.getOrDefault(name + AVERAGE, value));
    return new TrainingState(step, replaced, codebooks);
  }

  /**
   * The SHA-256 of the step and of all names and bits of values: states of the same digest are the
   * same to the last bit.
   *
   * @return 32 bytes.
   */
  public byte[] digest() {
    MessageDigest digest = Sha256.start();
    digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(0, step));
    variables.forEach((name, values) -> update(digest, name, values));
    codebooks.forEach(
        (node, codebook) -> {
          update(digest, node, codebook.codewords());
          codebook.floats().forEach((name, values) -> update(digest, name, values));
          codebook.integers().forEach((name, values) -> update(digest, name, values));
        });
    return digest.digest();
  }

  private static void update(MessageDigest digest, String name, float[] values) {
    ByteBuffer bytes = named(digest, name, values.length);
    bytes.asFloatBuffer().put(values);
    digest.update(bytes);
  }

  private static void update(MessageDigest digest, String name, int[] values) {
    ByteBuffer bytes = named(digest, name, values.length);
    bytes.asIntBuffer().put(values);
    digest.update(bytes);
  }

  /** Adds a name and a number of values, and makes room for these. */
  private static ByteBuffer named(MessageDigest digest, String name, int count) {
    byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
    digest.update(
        ByteBuffer.allocate(2 * Integer.BYTES)
            .putInt(0, bytes.length)
            .putInt(Integer.BYTES, count));
    digest.update(bytes);
    return ByteBuffer.allocate(Math.multiplyExact(Float.BYTES, count));
  }
}
