package dev.subbit.tribuo.data;

import dev.subbit.tribuo.network.ImageShape;
import java.awt.Rectangle;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.InputStream;
import java.io.Serializable;
import java.nio.file.Path;
import org.tribuo.classification.Label;
import org.tribuo.classification.LabelFactory;

/**
 * How a picture of any size becomes an image that a network takes: scaled until its shorter side
 * has a given length, its middle cut out, made grey where one channel is wanted, and inverted where
 * that is due. Training and prediction share it, so that a network sees pictures as it learnt them.
 * A model keeps the one that it was trained with.
 *
 * @param shape the shape of the images.
 * @param shorterSide length that the shorter side of a picture is scaled to before its middle is
 *     cut out; 0 for the smallest that the image fits into.
 * @param inversion whether light and dark change places.
 */
public record PicturePreparation(ImageShape shape, int shorterSide, Inversion inversion)
    implements Serializable {

  // Checks that the image fits into the scaled picture.
  public PicturePreparation {
    int longest = Math.max(shape.height(), shape.width());
    if (shorterSide != 0 && shorterSide < longest) {
      throw new IllegalArgumentException(
          "shorterSide is "
              + shorterSide
              + "; allowed are 0, or at least the image's longer side, "
              + longest);
    }
    if (inversion == null) {
      throw new IllegalArgumentException("inversion is missing");
    }
  }

  /**
   * Takes the largest middle part of a picture, as it is.
   *
   * @param shape the shape of the images.
   * @return the preparation.
   */
  public static PicturePreparation of(ImageShape shape) {
    return new PicturePreparation(shape, 0, Inversion.NEVER);
  }

  /**
   * The same, with another choice about light and dark.
   *
   * @param inversion the choice.
   * @return the preparation.
   */
  public PicturePreparation with(Inversion inversion) {
    return new PicturePreparation(shape, shorterSide, inversion);
  }

  /**
   * Reads a PNG or JPEG file, known by its content.
   *
   * @param file the file.
   * @return an example without a label.
   * @throws IOException if the file cannot be read or decoded; the message names it.
   * @throws IllegalArgumentException if the network takes images of neither 1 nor 3 channels.
   */
  public ImageExample example(Path file) throws IOException {
    return example(file, LabelFactory.UNKNOWN_LABEL);
  }

  /**
   * Reads a PNG or JPEG file whose label is known.
   *
   * @param file the file.
   * @param label its label.
   * @return an example with the label.
   * @throws IOException if the file cannot be read or decoded; the message names it.
   * @throws IllegalArgumentException if the network takes images of neither 1 nor 3 channels.
   */
  public ImageExample example(Path file, Label label) throws IOException {
    return new ImageExample(label, image(file, null));
  }

  /**
   * Reads a PNG or JPEG file from a stream, to its end.
   *
   * @param stream the stream; it stays open.
   * @return an example without a label.
   * @throws IOException if the stream cannot be read or decoded.
   * @throws IllegalArgumentException if the network takes images of neither 1 nor 3 channels.
   */
  public ImageExample example(InputStream stream) throws IOException {
    return example(stream, "The picture in the stream");
  }

  /**
   * Reads a PNG or JPEG file from a stream, to its end.
   *
   * @param stream the stream; it stays open.
   * @param name what to call the picture in messages.
   * @return an example without a label.
   * @throws IOException if the stream cannot be read or decoded; the message has the name.
   * @throws IllegalArgumentException if the network takes images of neither 1 nor 3 channels.
   */
  public ImageExample example(InputStream stream, String name) throws IOException {
    return example(PictureDecoder.decode(stream, name));
  }

  /**
   * Takes a picture in memory.
   *
   * @param picture the picture; transparent pixels are put on white.
   * @return an example without a label.
   * @throws IllegalArgumentException if the network takes images of neither 1 nor 3 channels.
   */
  public ImageExample example(BufferedImage picture) {
    return example(PictureDecoder.picture(picture));
  }

  private ImageExample example(Picture picture) {
    return new ImageExample(LabelFactory.UNKNOWN_LABEL, image(picture));
  }

  /**
   * Makes an image of the middle of a picture.
   *
   * @param picture the whole picture.
   * @return the values in the order of positions.
   * @throws IllegalArgumentException if the network takes images of neither 1 nor 3 channels.
   */
  byte[] image(Picture picture) {
    return image(picture, scaling(picture.width(), picture.height(), null));
  }

  /**
   * Makes an image of a picture in a PNG or JPEG file.
   *
   * @param file the file.
   * @param choice which region of it to take; null for the middle.
   * @return the values in the order of positions.
   * @throws IOException if the file cannot be read or decoded; the message names it.
   * @throws IllegalArgumentException if the network takes images of neither 1 nor 3 channels.
   */
  byte[] image(Path file, Region.Choice choice) throws IOException {
    requireColours();
    ChosenScaling chosen = new ChosenScaling(choice);
    Picture picture = PictureDecoder.decode(file, chosen);
    return image(picture, chosen.scaling);
  }

  /**
   * Makes an image of a picture in memory.
   *
   * @param content the content of a PNG or JPEG file.
   * @param name what to call the picture in messages.
   * @param choice which region of it to take; null for the middle.
   * @return the values in the order of positions.
   * @throws IOException if the picture cannot be decoded; the message has the name.
   * @throws IllegalArgumentException if the network takes images of neither 1 nor 3 channels.
   */
  byte[] image(byte[] content, String name, Region.Choice choice) throws IOException {
    requireColours();
    ChosenScaling chosen = new ChosenScaling(choice);
    Picture picture = PictureDecoder.decode(content, name, chosen);
    return image(picture, chosen.scaling);
  }

  /** Chooses the region once the size of the picture is known, and remembers it. */
  private final class ChosenScaling implements PictureDecoder.Part {

    private final Region.Choice choice;
    private Resampling scaling;

    ChosenScaling(Region.Choice choice) {
      this.choice = choice;
    }

    @Override
    public Rectangle of(int width, int height) {
      scaling = scaling(width, height, choice);
      return scaling.source();
    }
  }

  private Resampling scaling(int width, int height, Region.Choice choice) {
    requireColours();
    Region region =
        choice == null
            ? Picture.centre(width, height, shape, shorterSide)
            : choice.of(width, height);
    return new Resampling(width, height, region, shape.width(), shape.height());
  }

  private byte[] image(Picture picture, Resampling scaling) {
    byte[] image = picture.image(scaling, shape);
    inversion.apply(image, shape);
    return image;
  }

  private void requireColours() {
    if (shape.channels() != 1 && shape.channels() != 3) {
      throw new IllegalArgumentException(
          "The network takes images of "
              + shape.channels()
              + " channels; a picture has 1 (grey) or 3 (red, green, blue)");
    }
  }
}
