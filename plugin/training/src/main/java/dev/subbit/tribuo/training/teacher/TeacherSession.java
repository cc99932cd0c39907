package dev.subbit.tribuo.training.teacher;

/** An open teacher. Used by one thread. */
public interface TeacherSession extends AutoCloseable {

  /**
   * Applies the teacher to images.
   *
   * @param pixels the images, one after the other, each in the order of positions, raw values 0 to
   *     255.
   * @param images number of images.
   * @return logits, [images, classes], up to a summand for each image.
   * @throws IllegalStateException if the teacher fails.
   */
  float[] logits(float[] pixels, int images);

  @Override
  void close();
}
