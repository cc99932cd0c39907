package dev.subbit.spark;

import ai.onnx.proto.OnnxMl.ModelProto;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.subbit.tribuo.OnnxClassifier;
import dev.subbit.tribuo.data.Inversion;
import dev.subbit.tribuo.data.PicturePreparation;
import java.io.Serializable;
import java.util.Map;

/**
 * A model on its way to the executors. Spark keeps one copy of a broadcast value in an executor,
 * which all its tasks share, and so there is one session: the first task opens it, and it closes
 * when the copy is garbage collected. Safe for use by many threads.
 */
final class BroadcastModel implements Serializable {

  private final byte[] model;
  private final String backend;
  private final int threads;
  private final Inversion inversion;
  private transient OnnxClassifier classifier;

  /**
   * Takes a model.
   *
   * @param model a serialised ONNX model with metadata.
   * @param backend the name of a back end; empty for the one that an executor's machine prefers.
   * @param threads threads of one call; 0 for one per core.
   * @param inversion whether light and dark change places; null for what the model says.
   */
  BroadcastModel(byte[] model, String backend, int threads, Inversion inversion) {
    this.model = model;
    this.backend = backend;
    this.threads = threads;
    this.inversion = inversion;
  }

  /** The classifier, the same one at each call. */
  synchronized OnnxClassifier classifier() {
    if (classifier == null) {
      try {
        OnnxClassifier own = new OnnxClassifier(ModelProto.parseFrom(model)).withThreads(threads);
        classifier = backend.isEmpty() ? own : own.withBackend(backend, Map.of());
      } catch (InvalidProtocolBufferException e) {
        throw new IllegalStateException("The model was damaged on its way here", e);
      }
    }
    return classifier;
  }

  /** How a picture becomes an image. */
  PicturePreparation preparation() {
    PicturePreparation own = classifier().preparation();
    return inversion == null ? own : own.with(inversion);
  }
}
