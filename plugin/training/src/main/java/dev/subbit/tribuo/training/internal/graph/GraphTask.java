package dev.subbit.tribuo.training.internal.graph;

import ai.onnx.proto.OnnxMl.ModelProto;
import dev.subbit.tribuo.quantizer.graph.Feed;
import java.util.List;
import java.util.Optional;

/**
 * What is trained of a graph.
 *
 * @param model the float model, its data inside.
 * @param layers the convolutions that are sub-bit, with what they start from; those that share
 *     their weights have the same stages.
 * @param learned values of the graph that are compared with the teacher's.
 * @param variances of the teacher's values between samples, which errors are measured in.
 * @param classes the value, one of the learned ones, whose rows are the logits of classes, for
 *     labels; empty to learn from the teacher alone.
 * @param labelShare share of the labels in what is minimised, 0 to 1.
 * @param trainsRest whether the weights of layers that stay float are trained, too.
 * @param example a batch, whose shape all batches have.
 * @param threads number of threads.
 */
public record GraphTask(
    ModelProto model,
    List<SubBitStart> layers,
    List<String> learned,
    float[] variances,
    Optional<String> classes,
    float labelShare,
    boolean trainsRest,
    Feed example,
    int threads) {

  // Copies the lists, so that the task stays as it was made.
  public GraphTask {
    layers = List.copyOf(layers);
    learned = List.copyOf(learned);
  }
}
