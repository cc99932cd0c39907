package dev.subbit.tribuo.data;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.subbit.tribuo.protos.PixelDomainProto;
import org.tribuo.ImmutableFeatureMap;
import org.tribuo.RealIDInfo;
import org.tribuo.protos.core.FeatureDomainProto;

/**
 * The feature domain of images of which every pixel is a feature; a feature's id is the position of
 * its pixel. Made from the number of pixels, without reading any image. Its stored form is that
 * number: Tribuo's own, of every feature, would take about 20 MB for images of 3 x 224 x 224.
 *
 * <p>Nothing was observed, so the entries give the range of a byte, 0 to 255, and the mean and
 * variance of values spread evenly over it. Immutable.
 */
public final class PixelDomain extends ImmutableFeatureMap {

  /** Version of the stored form. */
  public static final int CURRENT_VERSION = 0;

  /** Most pixels: an entry takes about 200 bytes, and the number may come from a file. */
  private static final int MAX_PIXELS = 1 << 20;

  private static final double MAX_VALUE = 255;
  private static final double MEAN = MAX_VALUE / 2;
  private static final double VARIANCE = MAX_VALUE * MAX_VALUE / 12;
  private static final long serialVersionUID = 1L;

  private final int images;

  /**
   * Makes the domain of images with a number of pixels.
   *
   * @param pixels number of values of an image.
   * @param images number of images that the domain is for.
   * @throws IllegalArgumentException if an image has no values, or more than 1,048,576.
   */
  public PixelDomain(int pixels, int images) {
    if (pixels < 1 || pixels > MAX_PIXELS) {
      throw new IllegalArgumentException(
          "Images of " + pixels + " values; allowed are 1 to " + MAX_PIXELS);
    }
    if (images < 0) {
      throw new IllegalArgumentException("A domain of " + images + " images");
    }
    this.images = images;
    this.size = pixels;
    String[] names = PixelMap.names(pixels);
    for (int id = 0; id < pixels; id++) {
      RealIDInfo info =
          new RealIDInfo(names[id], images, MAX_VALUE, 0, MEAN, images * VARIANCE, id);
      idMap.put(id, info);
      m.put(names[id], info);
    }
  }

  /**
   * Restores a stored domain. Tribuo calls this method.
   *
   * @param version version of the stored form.
   * @param className name of the class that was stored.
   * @param message the stored form.
   * @return the domain.
   * @throws InvalidProtocolBufferException if the message is not such a domain.
   */
  public static PixelDomain deserializeFromProto(int version, String className, Any message)
      throws InvalidProtocolBufferException {
    if (version < 0 || version > CURRENT_VERSION) {
      throw new IllegalArgumentException(
          "Unknown version "
              + version
              + " of a pixel domain, this class reads up to version "
              + CURRENT_VERSION);
    }
    PixelDomainProto proto = message.unpack(PixelDomainProto.class);
    return new PixelDomain(proto.getPixels(), proto.getImages());
  }

  @Override
  public FeatureDomainProto serialize() {
    return FeatureDomainProto.newBuilder()
        .setClassName(PixelDomain.class.getName())
        .setVersion(CURRENT_VERSION)
        .setSerializedData(
            Any.pack(PixelDomainProto.newBuilder().setPixels(size).setImages(images).build()))
        .build();
  }
}
