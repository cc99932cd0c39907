package dev.subbit.tribuo.export;

import dev.subbit.tribuo.network.Layer;
import dev.subbit.tribuo.network.Network;
import java.util.Optional;

/**
 * What the pixels of a stem stand for: {@code real = scale * (pixel - zero) + rest}.
 *
 * @param zero the pixel that stands for 0, which padding has, as exactly as a pixel can; 0 to 255.
 * @param scale the real value of one step.
 * @param rest what the pixel {@code zero} really stands for, at most half a step.
 */
record PixelUnits(int zero, double scale, double rest) {

  /** The largest pixel. */
  static final int MOST = 255;

  /**
   * The units of a network.
   *
   * @param normalize its affine map of the pixels, if it has one.
   * @throws IllegalArgumentException if no pixel stands for 0.
   */
  static PixelUnits of(Optional<Network.Node> normalize) {
    if (normalize.isEmpty()) {
      return new PixelUnits(0, 1, 0);
    }
    Layer.Normalize map = (Layer.Normalize) normalize.get().layer();
    double zero = Math.rint(-(double) map.offset() / map.scale());
    if (!(zero >= 0 && zero <= MOST)) {
      throw new IllegalArgumentException(
          "The network cannot run in integers because of node '"
              + normalize.get().name()
              + "': no pixel from 0 to 255 becomes 0 by the scale "
              + map.scale()
              + " and the offset "
              + map.offset());
    }
    return new PixelUnits((int) zero, map.scale(), map.scale() * zero + map.offset());
  }
}
