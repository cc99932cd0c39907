package dev.subbit.tribuo.engine.tensorflow;

import dev.subbit.tribuo.engine.TrainingEngine;
import dev.subbit.tribuo.engine.TrainingPlan;
import dev.subbit.tribuo.engine.TrainingRun;
import dev.subbit.tribuo.network.Network;
import java.util.Map;

/** Trains on TensorFlow-Java, on the CPU. */
public final class TensorFlowEngine implements TrainingEngine {

  /** For {@link java.util.ServiceLoader}. */
  public TensorFlowEngine() {}

  @Override
  public TrainingRun start(Network network, TrainingPlan plan, Map<String, float[]> parameters) {
    return new TensorFlowRun(network, plan, parameters);
  }
}
