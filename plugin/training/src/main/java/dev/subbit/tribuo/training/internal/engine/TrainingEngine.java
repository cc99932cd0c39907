package dev.subbit.tribuo.training.internal.engine;

import dev.subbit.tribuo.network.InitialParameters;
import dev.subbit.tribuo.network.Network;
import dev.subbit.tribuo.settings.TrainingDevice;
import dev.subbit.tribuo.training.cluster.TrainingCluster;
import java.util.Iterator;
import java.util.Map;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;

/**
 * An implementation of training on some library. Found by {@link ServiceLoader}, so that everything
 * except training works without an engine on the classpath.
 */
public interface TrainingEngine extends AutoCloseable {

  /** The end of a codebook's name among the parameters that a training starts from. */
  String CODEBOOK = "/codebook";

  /**
   * The name, among the parameters that a training in integers starts from, of the number of bits
   * behind the binary point.
   */
  String FRACTION_BITS = "fractionBits";

  /**
   * Starts training.
   *
   * @param network the network.
   * @param plan how to train it.
   * @param parameters the parameters to start from, by full name, as {@link InitialParameters}
   *     makes them; latent weights included. A codebook to start from is given under the name of
   *     its convolution and {@link #CODEBOOK}: [2^tau, 9], of -1 and +1. A plan in integers needs
   *     {@link #FRACTION_BITS}.
   * @param rates how fast each layer is trained. The moving statistics of batch normalisation
   *     follow the batches in frozen layers, too.
   * @return the run, to be closed by the caller.
   */
  TrainingRun start(
      Network network, TrainingPlan plan, Map<String, float[]> parameters, LayerRates rates);

  /**
   * Starts training with all layers at the same rate.
   *
   * @param network the network.
   * @param plan how to train it.
   * @param parameters the parameters to start from, by full name.
   * @return the run, to be closed by the caller.
   */
  default TrainingRun start(Network network, TrainingPlan plan, Map<String, float[]> parameters) {
    return start(network, plan, parameters, LayerRates.EQUAL);
  }

  /**
   * Chooses what to train on.
   *
   * @param wanted the device.
   * @param threads threads that trainings compute with on the processor, at least 1.
   * @return an engine that trains on it; with {@code AUTO}, on a GPU if there is one and else on
   *     the processor.
   * @throws IllegalStateException if a GPU is wanted and there is none, saying what to do; or if
   *     the process computes with another number of threads.
   */
  TrainingEngine on(TrainingDevice wanted, int threads);

  /**
   * The device that this engine trains on.
   *
   * @return {@code CPU}, unless {@link #on} chose {@code GPU}.
   */
  TrainingDevice device();

  /**
   * Connects this process with the others of a training.
   *
   * @param cluster the processes.
   * @param threads threads that the engine computes with here, at least 1.
   * @return an engine whose runs make their steps together with those of the other processes: a run
   *     is given this process's slice of each batch, its losses are means over all slices, and all
   *     processes keep the same parameters to the bit. To be closed by the caller.
   * @throws IllegalStateException if another process does not answer within the time-out, naming
   *     it, or this one cannot listen at its address.
   */
  TrainingEngine join(TrainingCluster cluster, int threads);

  /**
   * The processes that this engine's runs make their steps with.
   *
   * @return this process alone unless the engine {@linkplain #join joined} a cluster.
   */
  default Ranks ranks() {
    return Ranks.ALONE;
  }

  /** Releases what connects the processes. */
  @Override
  default void close() {}

  /**
   * Finds the engine on the classpath.
   *
   * @return the engine, which trains on the processor.
   * @throws IllegalStateException if there is none that can be loaded, saying what to add.
   */
  static TrainingEngine load() {
    Throwable cause = null;
    try {
      Iterator<TrainingEngine> engines = ServiceLoader.load(TrainingEngine.class).iterator();
      if (engines.hasNext()) {
        return engines.next();
      }
    } catch (ServiceConfigurationError | LinkageError e) {
      cause = e;
    }
    throw new IllegalStateException(MissingEngine.message(cause), cause);
  }
}
