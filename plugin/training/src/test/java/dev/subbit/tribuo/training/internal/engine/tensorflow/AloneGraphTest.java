package dev.subbit.tribuo.training.internal.engine.tensorflow;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.subbit.tribuo.network.ImageShape;
import dev.subbit.tribuo.network.Layer.Activations;
import dev.subbit.tribuo.network.Layer.Weights;
import dev.subbit.tribuo.network.Network;
import dev.subbit.tribuo.network.Networks;
import dev.subbit.tribuo.settings.TrainingDevice;
import dev.subbit.tribuo.training.internal.batches.BatchSlice;
import dev.subbit.tribuo.training.internal.codebook.TestPlans;
import dev.subbit.tribuo.training.internal.engine.LayerRates;
import dev.subbit.tribuo.training.internal.engine.Ranks;
import dev.subbit.tribuo.training.internal.engine.Recipe;
import dev.subbit.tribuo.training.internal.engine.TrainingPlan;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.tensorflow.Graph;
import org.tensorflow.proto.NodeDef;

/** A training in one process is not touched by what several processes need. */
class AloneGraphTest {

  @Test
  void nothingIsExchangedAndNothingIsPlaced() {
    Network network =
        Networks.build("resnet8", new ImageShape(1, 8, 8), 3, Weights.SUB_BIT, Activations.BINARY);
    TrainingPlan plan = new TrainingPlan(1, Recipe.adam(0.01f), TestPlans.codebooks(3), 1, 5);
    try (Graph graph = new Graph()) {
      TrainingGraph built =
          new TrainingGraph(TrainingDevice.CPU, graph, network, plan, 0, LayerRates.EQUAL, null);
      assertTrue(built.updates().size() > 0);
      List<String> foreign = new ArrayList<>();
      for (NodeDef node : graph.toGraphDef().getNodeList()) {
        if (node.getOp().startsWith("Collective") || !node.getDevice().isEmpty()) {
          foreign.add(node.getName() + " " + node.getOp() + " " + node.getDevice());
        }
      }
      assertEquals(List.of(), foreign);
    }
  }

  @Test
  void theBatchIsWhole() {
    double[] own = {0.1, 0.2};
    assertEquals(own, Ranks.ALONE.sum(own));
    assertEquals(BatchSlice.WHOLE, Ranks.ALONE.slice());
  }
}
