package dev.subbit.tribuo.quantizer;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import dev.subbit.tribuo.quantizer.graph.Feed;
import dev.subbit.tribuo.quantizer.graph.FloatArray;
import dev.subbit.tribuo.quantizer.graph.GraphSession;
import dev.subbit.tribuo.quantizer.graph.PartialModel;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Values of one model on all calibration inputs, kept so that its layers can be gone through from
 * front to back without running the whole model for each. The values used last are kept, within a
 * bound; what was dropped is computed again. Not safe for use by many threads.
 */
final class KeptValues {

  private static final long MOST_BYTES = 64L << 20;

  private final long mostBytes;

  /** By name, those used longest ago first; one tensor a feed. */
  private final Map<String, List<Feed.Tensor>> kept = new LinkedHashMap<>(16, 0.75f, true);

  KeptValues() {
    this(MOST_BYTES);
  }

  /**
   * Starts without any values.
   *
   * @param mostBytes largest number of bytes that are kept, not counting values that the ones kept
   *     last were computed from.
   */
  KeptValues(long mostBytes) {
    this.mostBytes = mostBytes;
  }

  /** Names of the values that are kept. */
  Set<String> names() {
    return Set.copyOf(kept.keySet());
  }

  /**
   * Prepares to compute values.
   *
   * @param model the model; kept values must still be those that it gives.
   * @param values names of float32 values.
   * @param keep that one of them which is kept; null for none.
   * @return the run, over all feeds in order.
   */
  Run open(ModelProto model, List<String> values, String keep) {
    return new Run(PartialModel.of(model, values, names()), keep);
  }

  /** One pass over the feeds. */
  final class Run implements AutoCloseable {
    private final GraphSession session;
    private final String keep;
    private boolean keeps;
    private long bytes;
    private final List<Feed.Tensor> found = new ArrayList<>();
    private final List<String> reads;
    private int feeds;

    Run(ModelProto part, String keep) {
      this.session = new GraphSession(part);
      this.keep = keep;
      this.keeps = keep != null && !kept.containsKey(keep);
      this.reads =
          part.getGraph().getInputList().stream()
              .map(ValueInfoProto::getName)
              .filter(kept::containsKey)
              .toList();
    }

    /** The values, by the names that {@link PartialModel#outputName} gives them. */
    Map<String, FloatArray> run(Feed feed) {
      Map<String, Feed.Tensor> tensors = new HashMap<>(feed.tensors());
      for (String name : reads) {
        tensors.put(name, kept.get(name).get(feeds));
      }
      feeds++;
      Map<String, FloatArray> values = session.run(new Feed(tensors, feed.samples()));
      if (keeps) {
        FloatArray value = values.get(PartialModel.outputName(keep));
        found.add(Feed.Tensor.of(value));
        bytes += (long) Float.BYTES * value.values().length;
        if (bytes > mostBytes) {
          keeps = false;
          found.clear();
        } else {
          dropOldest(bytes);
        }
      }
      return values;
    }

    /** Makes room for values, of all but those that this run reads. */
    private void dropOldest(long room) {
      long all = kept.values().stream().mapToLong(KeptValues::bytes).sum();
      Iterator<Map.Entry<String, List<Feed.Tensor>>> oldest = kept.entrySet().iterator();
      while (all + room > mostBytes && oldest.hasNext()) {
        Map.Entry<String, List<Feed.Tensor>> one = oldest.next();
        if (!reads.contains(one.getKey())) {
          all -= bytes(one.getValue());
          oldest.remove();
        }
      }
    }

    /** Keeps the values of a run. */
    @Override
    public void close() {
      session.close();
      if (keeps) {
        kept.put(keep, found);
      }
    }
  }

  private static long bytes(List<Feed.Tensor> tensors) {
    return tensors.stream().mapToLong(tensor -> tensor.data().capacity()).sum();
  }
}
