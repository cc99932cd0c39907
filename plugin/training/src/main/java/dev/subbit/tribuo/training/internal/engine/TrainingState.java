package dev.subbit.tribuo.training.internal.engine;

import dev.subbit.tribuo.training.internal.codebook.CodebookState;
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
}
