package dev.subbit.tribuo.data;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.subbit.tribuo.protos.ImageExampleProto;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Set;
import java.util.stream.IntStream;
import org.tribuo.Example;
import org.tribuo.Feature;
import org.tribuo.FeatureMap;
import org.tribuo.VariableInfo;
import org.tribuo.classification.Label;
import org.tribuo.impl.ArrayExample;
import org.tribuo.protos.ProtoUtil;
import org.tribuo.protos.core.ExampleProto;
import org.tribuo.protos.core.OutputProto;
import org.tribuo.util.Merger;

/**
 * An image as a Tribuo example: one feature per pixel value, zeros included. The values are held as
 * one byte each, or stay in a file: then every look at a value reads the file, and the example
 * costs about 100 bytes, whatever the size of the image. The feature names are one array shared by
 * all images of a size, and copies share their bytes, so that an image of 3,072 values costs little
 * more than 3 KiB, a tenth of Tribuo's {@link ArrayExample}.
 *
 * <p>The example can be edited as Tribuo allows. An edit that needs it (a value that is not a whole
 * number from 0 to 255, a feature added or removed) gives this one example arrays of its own. Names
 * are kept in lexicographic order. Like Tribuo's own examples, not safe for concurrent editing.
 */
public final class ImageExample extends Example<Label> {

  /** Version of the serialised form. */
  public static final int CURRENT_VERSION = 0;

  private static final long serialVersionUID = 1L;

  private String[] names;
  // Exactly one of the three holds the values.
  private transient PixelSource source;
  private byte[] bytes;
  private double[] doubles;
  // Whether this example alone holds its array of bytes.
  private boolean ownsBytes;

  /**
   * Makes an example of an image in memory.
   *
   * @param output the label.
   * @param pixels the values, each 0 to 255, in the order of positions (channel, row, column). The
   *     array is copied.
   * @throws IllegalArgumentException if there is no pixel.
   */
  public ImageExample(Label output, byte[] pixels) {
    super(output);
    if (pixels.length == 0) {
      throw new IllegalArgumentException("An image needs at least one pixel");
    }
    this.names = PixelMap.names(pixels.length);
    this.bytes = pixels.clone();
    this.ownsBytes = true;
  }

  /**
   * Makes an example of an image that is read when it is needed.
   *
   * @param output the label.
   * @param source where the image is.
   * @param size number of its values.
   */
  ImageExample(Label output, PixelSource source, int size) {
    super(output);
    this.names = PixelMap.names(size);
    this.source = source;
  }

  private ImageExample(ImageExample other) {
    super(other);
    this.names = other.isWholeImage() ? other.names : other.names.clone();
    this.source = other.source;
    this.bytes = other.bytes;
    this.doubles = other.doubles == null ? null : other.doubles.clone();
    other.ownsBytes = false;
  }

  /**
   * Restores a stored example. Tribuo calls this method.
   *
   * @param version version of the serialised form.
   * @param className name of the class that was serialised.
   * @param message the serialised form.
   * @return the example.
   * @throws InvalidProtocolBufferException if the message is not such an example.
   */
  public static ImageExample deserializeFromProto(int version, String className, Any message)
      throws InvalidProtocolBufferException {
    if (version < 0 || version > CURRENT_VERSION) {
      throw new IllegalArgumentException(
          "Unknown version "
              + version
              + " of an image example, this class reads up to version "
              + CURRENT_VERSION);
    }
    ImageExampleProto proto = message.unpack(ImageExampleProto.class);
    if (!(ProtoUtil.deserialize(proto.getOutput().unpack(OutputProto.class))
        instanceof Label label)) {
      throw new IllegalStateException("An image example needs a Label as its output");
    }
    ImageExample example = new ImageExample(label, proto.getPixels().toByteArray());
    example.setWeight(proto.getWeight());
    proto.getMetadataMap().forEach(example::setMetadataValue);
    return example;
  }

  /**
   * Writes the example: one byte per value where it still is a whole image of bytes, else as
   * Tribuo's {@link ArrayExample}.
   */
  @Override
  public ExampleProto serialize() {
    byte[] pixels = isWholeImage() ? bytes(null) : null;
    if (pixels == null) {
      return new ArrayExample<>(this).serialize();
    }
    ImageExampleProto.Builder image =
        ImageExampleProto.newBuilder()
            .setOutput(Any.pack(output.serialize()))
            .setWeight(weight)
            .setPixels(ByteString.copyFrom(pixels));
    getMetadata().forEach((key, value) -> image.putMetadata(key, value.toString()));
    return ExampleProto.newBuilder()
        .setClassName(ImageExample.class.getName())
        .setVersion(CURRENT_VERSION)
        .setSerializedData(Any.pack(image.build()))
        .build();
  }

  /** Whether the features still are the pixels of an image, in the order of positions. */
  boolean isWholeImage() {
    return names.length > 0 && names == PixelMap.names(names.length);
  }

  /** Whether the pixels are in a file that is read whenever a value is needed. */
  boolean isInFile() {
    return source != null;
  }

  /** Whether the values are bytes in memory. */
  boolean isInBytes() {
    return bytes != null;
  }

  /**
   * The pixels of a whole image.
   *
   * @param choice for an image in a file, which region of the picture to take; null for its own.
   * @return the bytes, not to be changed; null where a value is not a byte.
   */
  byte[] bytes(Region.Choice choice) {
    return source != null ? source.read(choice) : bytes;
  }

  /** All values, in the order of the features. */
  private double[] values() {
    byte[] pixels = bytes(null);
    return pixels == null
        ? doubles
        : IntStream.range(0, pixels.length).mapToDouble(i -> pixels[i] & 0xFF).toArray();
  }

  /** The value of the feature at an index, which is the position in a whole image. */
  private double value(int index) {
    byte[] pixels = bytes(null);
    return pixels != null ? pixels[index] & 0xFF : doubles[index];
  }

  @Override
  public int size() {
    return names.length;
  }

  @Override
  protected void sort() {
    // Every edit leaves the names sorted.
  }

  @Override
  public void add(Feature feature) {
    addAll(List.of(feature));
  }

  @Override
  public void addAll(Collection<? extends Feature> features) {
    List<Feature> all = new ArrayList<>(size() + features.size());
    forEach(all::add);
    all.addAll(features);
    replaceFeatures(all);
  }

  @Override
  public void removeFeatures(List<Feature> featureList) {
    Set<String> removed = new HashSet<>();
    featureList.forEach(feature -> removed.add(feature.getName()));
    List<Feature> kept = new ArrayList<>(size());
    for (Feature feature : this) {
      if (!removed.contains(feature.getName())) {
        kept.add(feature);
      }
    }
    replaceFeatures(kept);
  }

  @Override
  public void reduceByName(Merger merger) {
    if (isWholeImage()) {
      return;
    }
    List<Feature> merged = new ArrayList<>(size());
    for (Feature feature : this) {
      int last = merged.size() - 1;
      if (last >= 0 && merged.get(last).getName().equals(feature.getName())) {
        double value = merger.merge(merged.get(last).getValue(), feature.getValue());
        merged.set(last, new Feature(feature.getName(), value));
      } else {
        merged.add(feature);
      }
    }
    replaceFeatures(merged);
  }

  @Override
  public boolean validateExample() {
    if (names.length == 0) {
      return false;
    }
    for (int i = 1; !isWholeImage() && i < names.length; i++) {
      if (names[i].equals(names[i - 1])) {
        return false;
      }
    }
    return doubles == null || Arrays.stream(doubles).noneMatch(Double::isNaN);
  }

  @Override
  public boolean isDense(FeatureMap featureMap) {
    return featureMap.size() == size()
        && Arrays.stream(names).allMatch(name -> featureMap.get(name) != null);
  }

  @Override
  protected void densify(List<String> featureNames) {
    List<Feature> missing = new ArrayList<>();
    for (String name : featureNames) {
      if (indexOf(name) < 0) {
        missing.add(new Feature(name, 0));
      }
    }
    if (!missing.isEmpty()) {
      addAll(missing);
    }
  }

  @Override
  public ImageExample copy() {
    return new ImageExample(this);
  }

  @Override
  public Feature lookup(String name) {
    int index = indexOf(name);
    return index < 0 ? null : new Feature(names[index], value(index));
  }

  @Override
  public void set(Feature feature) {
    int index = indexOf(feature.getName());
    if (index < 0) {
      throw new IllegalArgumentException("Feature " + feature + " not found in example.");
    }
    setValue(index, feature.getValue());
  }

  /**
   * Takes over the domain's name strings, except in a whole image: its names are shared already, by
   * more images than those of one dataset, and a copy would cost more than it saves.
   */
  @Override
  public void canonicalize(FeatureMap featureMap) {
    if (isWholeImage()) {
      return;
    }
    for (int i = 0; i < names.length; i++) {
      VariableInfo info = featureMap.get(names[i]);
      if (info != null) {
        names[i] = info.getName();
      }
    }
  }

  @Override
  public Iterator<Feature> iterator() {
    byte[] pixels = bytes(null);
    return new Iterator<>() {
      private int next = 0;

      @Override
      public boolean hasNext() {
        return next < names.length;
      }

      @Override
      public Feature next() {
        if (!hasNext()) {
          throw new NoSuchElementException("Iterator exhausted at position " + next);
        }
        double value = pixels != null ? pixels[next] & 0xFF : doubles[next];
        Feature feature = new Feature(names[next], value);
        next++;
        return feature;
      }
    };
  }

  private int indexOf(String name) {
    return Arrays.binarySearch(names, name);
  }

  private void setValue(int index, double value) {
    if (doubles == null && value == ((int) value & 0xFF)) {
      if (!ownsBytes) {
        bytes = bytes(null).clone();
        source = null;
        ownsBytes = true;
      }
      bytes[index] = (byte) (int) value;
      return;
    }
    if (doubles == null) {
      doubles = values();
      bytes = null;
      source = null;
    }
    doubles[index] = value;
  }

  private void replaceFeatures(List<Feature> features) {
    // A stable sort: features of one name keep the order they came in.
    features.sort(Comparator.comparing(Feature::getName));
    String[] newNames = features.stream().map(Feature::getName).toArray(String[]::new);
    double[] newValues = features.stream().mapToDouble(Feature::getValue).toArray();
    names = newNames;
    source = null;
    bytes = null;
    doubles = newValues;
  }

  // Java's own serialisation stores the pixels too, since the file may be missing where they are
  // read.
  private Object writeReplace() {
    if (source == null) {
      return this;
    }
    ImageExample held = new ImageExample(this);
    held.bytes = source.read(null);
    held.source = null;
    return held;
  }

  @Override
  public boolean equals(Object other) {
    if (this == other) {
      return true;
    }
    if (!(other instanceof ImageExample that)
        || !output.fullEquals(that.output)
        || weight != that.weight
        || !Objects.equals(getMetadata(), that.getMetadata())
        || !Arrays.equals(names, that.names)) {
      return false;
    }
    return Arrays.equals(values(), that.values());
  }

  @Override
  public int hashCode() {
    int hash = 31 * size() + output.hashCode();
    for (double value : values()) {
      hash = 31 * hash + Double.hashCode(value);
    }
    return hash;
  }

  @Override
  public String toString() {
    return "ImageExample(numFeatures="
        + size()
        + ",output="
        + output
        + ",weight="
        + weight
        + ",metadata="
        + getMetadata()
        + (source == null ? "" : ",source=" + source)
        + ")";
  }
}
