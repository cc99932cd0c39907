package dev.subbit.tribuo.data;

import dev.subbit.tribuo.network.ImageShape;
import org.tribuo.ConfigurableDataSource;
import org.tribuo.OutputFactory;
import org.tribuo.classification.Label;
import org.tribuo.classification.LabelFactory;

/**
 * Labelled images that all have one shape. Each becomes an {@link ImageExample} with all of its
 * pixels. A source can be iterated any number of times, by many threads, and gives the same images
 * in the same order each time. {@link ImageDataset} makes a dataset of it.
 */
public interface ImageSource extends ConfigurableDataSource<Label> {

  /**
   * The shape of the images.
   *
   * @return the shape.
   */
  ImageShape imageShape();

  /**
   * How a picture of any size becomes an image like these. Models that are trained on the images
   * keep it, and take pictures by it.
   *
   * @return the preparation; by default, the largest middle part of the picture.
   */
  default PicturePreparation preparation() {
    return PicturePreparation.of(imageShape());
  }

  /**
   * Number of images.
   *
   * @return number of images.
   */
  int size();

  @Override
  default OutputFactory<Label> getOutputFactory() {
    return new LabelFactory();
  }
}
