package dev.subbit.tribuo.data;

import dev.subbit.tribuo.network.ImageShape;
import org.tribuo.Example;
import org.tribuo.ImmutableDataset;
import org.tribuo.ImmutableOutputInfo;
import org.tribuo.classification.Label;
import org.tribuo.classification.LabelFactory;
import org.tribuo.classification.MutableLabelInfo;

/**
 * A dataset to train on, made of the images of an {@link ImageSource}. Every pixel is a feature, so
 * no image is looked at when the dataset is made, and images in files stay there. Tribuo's {@code
 * MutableDataset} works as well, but looks at every value of every image first.
 *
 * <p>The labels are those that the source has. Tribuo stores the dataset as its {@link
 * ImmutableDataset}, with the pixels of all images in it. The dataset must not be edited.
 */
public final class ImageDataset extends ImmutableDataset<Label> {

  private static final long serialVersionUID = 1L;

  private final PicturePreparation preparation;
  private final String description;

  /**
   * Makes the dataset of a source.
   *
   * @param source the images.
   * @throws IllegalArgumentException if the images have more values than {@link PixelDomain}
   *     allows.
   */
  public ImageDataset(ImageSource source) {
    super(
        source.getProvenance(),
        source.getOutputFactory(),
        new PixelDomain(source.imageShape().size(), source.size()),
        labels(source));
    this.preparation = source.preparation();
    this.description = source.toString();
    for (Example<Label> example : source) {
      data.add(example);
    }
  }

  private static ImmutableOutputInfo<Label> labels(ImageSource source) {
    MutableLabelInfo labels = (MutableLabelInfo) new LabelFactory().generateInfo();
    for (Example<Label> example : source) {
      labels.observe(example.getOutput());
    }
    return labels.generateImmutableOutputInfo();
  }

  /**
   * The shape of the images.
   *
   * @return the shape.
   */
  public ImageShape imageShape() {
    return preparation.shape();
  }

  /**
   * How a picture of any size becomes an image like these.
   *
   * @return what the source says.
   */
  public PicturePreparation preparation() {
    return preparation;
  }

  /** The description of the image source in one line, for messages. */
  @Override
  public String getSourceDescription() {
    return description;
  }
}
