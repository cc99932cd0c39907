package dev.subbit.tribuo.training.internal.checkpoint;

import dev.subbit.tribuo.protos.NetworkProto;
import dev.subbit.tribuo.protos.TrainedNetworkProto;
import dev.subbit.tribuo.training.internal.codebook.CodebookState;
import dev.subbit.tribuo.training.internal.engine.TrainingState;
import dev.subbit.tribuo.training.metrics.EpochMetrics;
import dev.subbit.tribuo.training.metrics.EpochSums;
import dev.subbit.tribuo.training.metrics.ValidationMetrics;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A small checkpoint in which every field has a value of its own. */
final class SampleCheckpoint {

  private SampleCheckpoint() {}

  static Checkpoint of(int step) {
    return of(step, new float[] {-0f, Float.MIN_VALUE, 3.25f});
  }

  static Checkpoint of(int step, float[] weight) {
    return new Checkpoint(
        new Fingerprint(Map.of("epochs", "3", "tau", "1"), Map.of("number of images", "96")),
        1,
        new EpochSums(4, 64, 2.5, 40, 7, 1.25),
        new TrainingState(
            step,
            Map.of("stem/weight", weight, "stem/weight/m", new float[] {}),
            Map.of(
                "conv",
                new CodebookState(
                    new int[] {511, 0},
                    Map.of("p", new float[] {0.1f, -0.1f}),
                    Map.of("steps", new int[] {2, Integer.MAX_VALUE})))),
        List.of(
            new EpochMetrics(1, 1, 3, 6, 1.5, 0.25, Optional.empty(), 0.01, 0, 2.5, 38.4),
            new EpochMetrics(
                2,
                2,
                3,
                12,
                1.25,
                0.5,
                Optional.of(new ValidationMetrics(1.375, 0.625)),
                0.005,
                11,
                2,
                48)),
        Optional.of(
            TrainedNetworkProto.newBuilder()
                .setNetwork(NetworkProto.newBuilder().setName("tiny").setClasses(2))
                .build()));
  }
}
