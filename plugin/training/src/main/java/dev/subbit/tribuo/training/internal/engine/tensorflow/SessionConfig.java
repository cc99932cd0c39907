package dev.subbit.tribuo.training.internal.engine.tensorflow;

import dev.subbit.tribuo.settings.TrainingDevice;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.proto.GPUOptions;

/**
 * What a session computes on. Operators are not placed one by one: TensorFlow puts each on the GPU
 * that a session sees if it has a kernel for it, else on the processor.
 */
public final class SessionConfig {

  private static final String GPU_KIND = "GPU";

  private SessionConfig() {}

  /**
   * Starts the configuration of a session.
   *
   * @param device what it sees. With {@code GPU} that is the first one, of which it takes memory as
   *     it needs some; with {@code CPU}, no GPU.
   * @return the configuration, to be completed.
   */
  public static ConfigProto.Builder on(TrainingDevice device) {
    ConfigProto.Builder config = ConfigProto.newBuilder();
    return switch (device) {
      case CPU -> config.putDeviceCount(GPU_KIND, 0);
      case GPU ->
          config.setGpuOptions(
              GPUOptions.newBuilder().setAllowGrowth(true).setVisibleDeviceList("0"));
      case AUTO -> throw new IllegalArgumentException("AUTO is to be settled before");
    };
  }

  /**
   * Configures the threads of the sessions of a training, in the same way on all devices:
   * TensorFlow makes its threads for the first session of a process, and the others compute with
   * them.
   *
   * @param threads of the processor.
   */
  static ConfigProto training(TrainingDevice device, int threads) {
    // With own operators the batch is cut into a part for each thread, and no operator uses more
    // than one; without, each operator uses all threads, and they run one after the other.
    boolean own = NativeOps.areAvailable();
    return on(device)
        .setIntraOpParallelismThreads(own ? 1 : threads)
        .setInterOpParallelismThreads(own ? threads : 1)
        .build();
  }
}
