package dev.subbit.tribuo.evaluation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.subbit.tribuo.SubBitModel;
import dev.subbit.tribuo.TestModels;
import dev.subbit.tribuo.TinyModels;
import dev.subbit.tribuo.export.OnnxExporter;
import dev.subbit.tribuo.network.ImageShape;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class LayerComparisonTest {

  private static final ImageShape SHAPE = new ImageShape(1, 8, 8);

  @Test
  void layersOfAnIntegerNetworkHaveTheSameValuesEverywhere() {
    try (SubBitModel model = TinyModels.network()) {
      List<String> nodes = OnnxExporter.integerNodes(model.network().network());
      ModelInputs inputs = new ModelInputs(TinyModels.data(), model.pixels());
      List<Integer> done = new ArrayList<>();
      try (LayerComparison comparison =
          comparison(model, nodes, List.of(Place.BODIES, Place.KERNELS, Place.EMULATOR))) {
        List<LayerComparison.Result> results = comparison.run("tiny", inputs, done::add);
        assertEquals(
            List.of("native", "emulator"),
            results.stream().map(LayerComparison.Result::backend).toList());
        for (LayerComparison.Result result : results) {
          assertEquals(inputs.size(), result.images());
          assertEquals(nodes.size(), result.layers());
          assertTrue(result.values() > 0);
          assertEquals(0, result.differing());
          assertNull(result.firstDiffering());
        }
      }
      assertEquals(inputs.size(), done.get(done.size() - 1));
    }
  }

  @Test
  void valuesThatDifferAreCountedAndTheirFirstLayerNamed() {
    try (SubBitModel model =
        TestModels.model(
            TestModels.network(TestModels.Mode.SUB_BIT, "resnet8", SHAPE),
            TestModels.dataset(SHAPE, 9))) {
      // Real activations agree only nearly: kernels add in another order than the function bodies.
      String stem = "stem.relu";
      String last = model.network().network().output().name();
      ModelInputs inputs = new ModelInputs(TestModels.dataset(SHAPE, 9), model.pixels());
      try (LayerComparison comparison =
          comparison(model, List.of(stem, last), List.of(Place.BODIES, Place.KERNELS))) {
        LayerComparison.Result result = comparison.run("real", inputs, images -> {}).get(0);
        assertTrue(result.differing() > 0, result.toString());
        assertEquals(last, result.firstDiffering());
      }
    }
  }

  private static LayerComparison comparison(
      SubBitModel model, List<String> nodes, List<Place> places) {
    byte[] onnx =
        OnnxExporter.exportValues(model.network(), model.pixels().positions(), nodes).toByteArray();
    return new LayerComparison(onnx, nodes, places);
  }
}
