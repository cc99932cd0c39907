package dev.subbit.tribuo.training.internal.engine.tensorflow;

import dev.subbit.tribuo.network.Network;
import dev.subbit.tribuo.settings.TrainingDevice;
import dev.subbit.tribuo.training.cluster.TrainingCluster;
import dev.subbit.tribuo.training.internal.engine.LayerRates;
import dev.subbit.tribuo.training.internal.engine.TrainingEngine;
import dev.subbit.tribuo.training.internal.engine.TrainingPlan;
import dev.subbit.tribuo.training.internal.engine.TrainingRun;
import java.util.Map;
import java.util.Optional;
import org.tensorflow.TensorFlow;

/** Trains on TensorFlow-Java, on the processor or a GPU. */
public final class TensorFlowEngine implements TrainingEngine {

  private final TrainingDevice device;

  /**
   * For {@link java.util.ServiceLoader}: an engine that trains on the processor. Loads the native
   * library, so that a missing or foreign one shows here and not in the middle of a training.
   */
  public TensorFlowEngine() {
    this(TrainingDevice.CPU);
    TensorFlow.version();
  }

  private TensorFlowEngine(TrainingDevice device) {
    this.device = device;
  }

  @Override
  public TrainingEngine on(TrainingDevice wanted, int threads) {
    if (wanted == TrainingDevice.CPU) {
      return new TensorFlowEngine(wanted);
    }
    Optional<String> obstacle = GpuSearch.obstacle(threads);
    if (obstacle.isEmpty()) {
      GpuSearch.warnOfUnrepeatableBits();
      return new TensorFlowEngine(TrainingDevice.GPU);
    }
    if (wanted == TrainingDevice.AUTO) {
      return new TensorFlowEngine(TrainingDevice.CPU);
    }
    throw new IllegalStateException(
        "device is GPU, but " + obstacle.get() + ". Or set device to CPU");
  }

  @Override
  public TrainingDevice device() {
    return device;
  }

  @Override
  public TrainingRun start(
      Network network, TrainingPlan plan, Map<String, float[]> parameters, LayerRates rates) {
    return new TensorFlowRun(device, network, plan, parameters, rates, null);
  }

  @Override
  public TrainingEngine join(TrainingCluster cluster, int threads) {
    return new ClusterEngine(device, cluster, threads);
  }
}
