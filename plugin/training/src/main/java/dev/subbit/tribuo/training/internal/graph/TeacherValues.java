package dev.subbit.tribuo.training.internal.graph;

import ai.onnx.proto.OnnxMl.ModelProto;
import dev.subbit.tribuo.quantizer.graph.Feed;
import dev.subbit.tribuo.quantizer.graph.FloatArray;
import dev.subbit.tribuo.quantizer.graph.GraphSession;
import dev.subbit.tribuo.quantizer.graph.PartialModel;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Values of a model, its softmaxes left out, in ONNX Runtime. */
final class TeacherValues implements AutoCloseable {

  private final List<String> names;
  private final GraphSession session;

  TeacherValues(ModelProto model, List<String> names) {
    this.names = names;
    this.session = new GraphSession(PartialModel.of(model, names));
  }

  /** The values by name. */
  Map<String, FloatArray> of(Feed feed) {
    Map<String, FloatArray> found = session.run(feed);
    Map<String, FloatArray> values = new LinkedHashMap<>();
    for (String name : names) {
      FloatArray value = found.get(PartialModel.outputName(name));
      if (value.shape().length == 0 || value.shape()[0] != feed.samples()) {
        throw new IllegalArgumentException(
            "'"
                + name
                + "' does not count the samples along its first axis, so the model cannot be"
                + " trained in batches; quantize it without training");
      }
      values.put(name, value);
    }
    return values;
  }

  @Override
  public void close() {
    session.close();
  }
}
