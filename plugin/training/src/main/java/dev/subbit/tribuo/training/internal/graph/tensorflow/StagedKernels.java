package dev.subbit.tribuo.training.internal.graph.tensorflow;

import dev.subbit.onnx.PackedConvWeights;
import dev.subbit.tribuo.training.internal.graph.SubBitStart;
import java.util.ArrayList;
import java.util.List;
import org.tensorflow.Operand;
import org.tensorflow.op.Ops;
import org.tensorflow.types.TFloat32;

/** The weights of a sub-bit layer, or of several that share them: a sum of stages. */
final class StagedKernels {

  private final List<SubBitStage> stages = new ArrayList<>();
  private final Operand<TFloat32> weights;

  StagedKernels(GraphScope scope, String name, SubBitStart start) {
    Ops tf = scope.tf();
    Operand<TFloat32> sum = null;
    List<PackedConvWeights> packed = start.weights().weights().convolutions();
    for (int s = 0; s < packed.size(); s++) {
      SubBitStage stage =
          new SubBitStage(scope, name + "/stage" + s, packed.get(s), start.latents().get(s));
      stages.add(stage);
      sum = sum == null ? stage.weights() : tf.math.add(sum, stage.weights());
    }
    this.weights = tf.identity(sum);
  }

  List<SubBitStage> stages() {
    return stages;
  }

  /** The weights, [out, in, 3, 3], with respect to which gradients are taken. */
  Operand<TFloat32> weights() {
    return weights;
  }
}
