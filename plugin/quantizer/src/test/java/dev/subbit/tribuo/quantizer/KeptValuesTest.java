package dev.subbit.tribuo.quantizer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.onnx.proto.OnnxMl.ModelProto;
import dev.subbit.tribuo.quantizer.graph.Feed;
import dev.subbit.tribuo.quantizer.graph.GraphSession;
import dev.subbit.tribuo.quantizer.graph.PartialModel;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class KeptValuesTest {

  private final GraphBuilder graph = new GraphBuilder(1, 0, 1, 32, 32);

  private static float[] run(KeptValues kept, ModelProto model, String value, List<Feed> feeds) {
    List<float[]> all = new ArrayList<>();
    try (KeptValues.Run run = kept.open(model, List.of(value), value)) {
      for (Feed feed : feeds) {
        all.add(run.run(feed).get(PartialModel.outputName(value)).values());
      }
    }
    return all.get(all.size() - 1);
  }

  @Test
  void valuesAreThoseOfTheModelHoweverMuchIsKept() {
    String a = graph.node("Relu", List.of("x"));
    String b = graph.node("Sigmoid", List.of(a));
    String c = graph.node("Tanh", List.of(b));
    ModelProto model = graph.model(13, c);
    Feed one = GraphBuilder.feed(1, 2, 1, 32, 32);
    List<Feed> feeds = List.of(one, GraphBuilder.feed(2, 2, 1, 32, 32), one);
    long bytes = 3 * 2 * 32 * 32 * Float.BYTES;
    KeptValues kept = new KeptValues(bytes * 3 / 2);
    try (GraphSession session = new GraphSession(PartialModel.of(model, List.of(a, b, c)))) {
      for (String value : List.of(a, b, a, c, b)) {
        assertArrayEquals(
            session.run(one).get(PartialModel.outputName(value)).values(),
            run(kept, model, value, feeds));
      }
    }
    assertEquals(Set.of(b, c), kept.names(), "what c was computed from, and c");
    KeptValues none = new KeptValues(bytes - 1);
    run(none, model, a, feeds);
    assertEquals(Set.of(), none.names());
  }
}
