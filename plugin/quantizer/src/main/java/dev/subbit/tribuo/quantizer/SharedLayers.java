package dev.subbit.tribuo.quantizer;

import dev.subbit.tribuo.quantizer.graph.ConvLayer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Convolutions that read the same weights, in the order of the graph: mostly a single one.
 *
 * @param layers the convolutions, at least one.
 */
record SharedLayers(List<ConvLayer> layers) {

  /** Brings layers of the same weights together, in the order of their first ones. */
  static List<SharedLayers> of(List<ConvLayer> layers) {
    Map<List<Object>, List<ConvLayer>> byWeight = new LinkedHashMap<>();
    for (ConvLayer layer : layers) {
      // Of one tensor, groups may be made in several ways.
      List<Object> key = List.of(layer.weight(), layer.attributes().group());
      byWeight.computeIfAbsent(key, name -> new ArrayList<>()).add(layer);
    }
    return byWeight.values().stream().map(SharedLayers::new).toList();
  }

  static List<ConvLayer> inOrder(List<SharedLayers> all) {
    return all.stream()
        .flatMap(shared -> shared.layers.stream())
        .sorted(ConvLayer::compareOrder)
        .toList();
  }

  static int indexOf(List<SharedLayers> all, ConvLayer layer) {
    for (int i = 0; i < all.size(); i++) {
      if (all.get(i).layers.contains(layer)) {
        return i;
      }
    }
    throw new IllegalArgumentException("Layer '" + layer.name() + "' is not among them");
  }

  ConvLayer first() {
    return layers.get(0);
  }

  /** Names of all but the first. */
  List<String> others() {
    return layers.subList(1, layers.size()).stream().map(ConvLayer::name).toList();
  }
}
