package dev.subbit.tribuo.export;

import dev.subbit.onnx.IntegerLayer.Window;
import dev.subbit.tribuo.network.Layer;
import dev.subbit.tribuo.network.Network;
import dev.subbit.tribuo.network.NodeShape;
import java.util.Optional;

/** The windows of a max pooling as the integer operators take them. */
final class PoolWindow {

  private PoolWindow() {}

  /**
   * The windows of a layer.
   *
   * @param pool a node with a max pooling, if there is one.
   * @param in the shape of what it reads.
   */
  static Window of(Optional<Network.Node> pool, NodeShape in) {
    if (pool.isEmpty()) {
      return Window.NONE;
    }
    Layer.MaxPool layer = (Layer.MaxPool) pool.get().layer();
    int pad = layer.padding();
    // Windows without padding take what there is of a last odd row or column.
    int bottom = pad == 0 ? in.height() % 2 : pad;
    int right = pad == 0 ? in.width() % 2 : pad;
    return new Window(layer.kernel(), layer.kernel(), 2, 2, pad, pad, bottom, right);
  }
}
