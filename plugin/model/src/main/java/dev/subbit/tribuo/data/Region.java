package dev.subbit.tribuo.data;

/**
 * A rectangle of a picture, in pixels of the picture; its edges may lie inside of pixels.
 *
 * @param left distance of its left edge from the picture's.
 * @param top distance of its upper edge from the picture's.
 * @param width its width.
 * @param height its height.
 */
public record Region(double left, double top, double width, double height) {

  /** Says which region of a picture an image is made of, once the size of the picture is known. */
  @FunctionalInterface
  public interface Choice {
    /**
     * Chooses the region of one picture.
     *
     * @param width columns of the picture.
     * @param height rows of the picture.
     * @return the region.
     */
    Region of(int width, int height);
  }
}
