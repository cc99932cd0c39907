package dev.subbit.tribuo.training.internal.engine.tensorflow;

import dev.subbit.tribuo.network.Network;
import dev.subbit.tribuo.training.cluster.TrainingCluster;
import dev.subbit.tribuo.training.internal.engine.LayerRates;
import dev.subbit.tribuo.training.internal.engine.TrainingEngine;
import dev.subbit.tribuo.training.internal.engine.TrainingPlan;
import dev.subbit.tribuo.training.internal.engine.TrainingRun;
import java.util.Map;
import org.tensorflow.TensorFlow;

/** Trains on TensorFlow-Java, on the CPU. */
public final class TensorFlowEngine implements TrainingEngine {

  /**
   * For {@link java.util.ServiceLoader}. Loads the native library, so that a missing or foreign one
   * shows here and not in the middle of a training.
   */
  public TensorFlowEngine() {
    TensorFlow.version();
  }

  @Override
  public TrainingRun start(
      Network network, TrainingPlan plan, Map<String, float[]> parameters, LayerRates rates) {
    return new TensorFlowRun(network, plan, parameters, rates, null);
  }

  @Override
  public TrainingEngine join(TrainingCluster cluster, int threads) {
    return new ClusterEngine(cluster, threads);
  }
}
