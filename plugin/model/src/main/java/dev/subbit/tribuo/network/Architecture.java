package dev.subbit.tribuo.network;

/** One of the networks that {@link Networks} builds by name. Immutable. */
interface Architecture {

  /**
   * Adds all nodes of a network, from the image to the logits.
   *
   * @param network an empty builder.
   * @param images shape of the images; any size.
   * @param classes number of classes, at least 1.
   */
  void addTo(NetworkBuilder network, ImageShape images, int classes);
}
