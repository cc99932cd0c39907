package dev.subbit.tribuo.export;

import dev.subbit.tribuo.network.Layer;
import dev.subbit.tribuo.network.Network;
import dev.subbit.tribuo.network.NodeShape;
import java.util.List;
import java.util.Optional;

/**
 * The windows of a max pooling as the integer operators take them.
 *
 * @param shape rows and columns of a window.
 * @param strides rows and columns from one window to the next.
 * @param pads rows and columns that windows reach over the edges: top, left, bottom, right.
 */
record PoolWindows(List<Integer> shape, List<Integer> strides, List<Integer> pads) {

  /** Windows of one position: no pooling. */
  static final PoolWindows NONE =
      new PoolWindows(List.of(1, 1), List.of(1, 1), List.of(0, 0, 0, 0));

  /**
   * The windows of a layer.
   *
   * @param pool a node with a max pooling, if there is one.
   * @param in the shape of what it reads.
   */
  static PoolWindows of(Optional<Network.Node> pool, NodeShape in) {
    if (pool.isEmpty()) {
      return NONE;
    }
    Layer.MaxPool layer = (Layer.MaxPool) pool.get().layer();
    int kernel = layer.kernel();
    int before = layer.padding();
    return new PoolWindows(
        List.of(kernel, kernel),
        List.of(2, 2),
        List.of(before, before, behind(layer, in.height()), behind(layer, in.width())));
  }

  /** Windows without padding take what there is of a last odd row. */
  private static int behind(Layer.MaxPool pool, int size) {
    return pool.padding() == 0 ? size % 2 : pool.padding();
  }
}
