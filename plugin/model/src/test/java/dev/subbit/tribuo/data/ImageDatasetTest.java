package dev.subbit.tribuo.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.subbit.tribuo.network.ImageShape;
import dev.subbit.tribuo.protos.PixelDomainProto;
import java.util.Iterator;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.tribuo.Example;
import org.tribuo.FeatureMap;
import org.tribuo.OutputFactory;
import org.tribuo.classification.Label;
import org.tribuo.classification.LabelFactory;
import org.tribuo.protos.core.FeatureDomainProto;
import org.tribuo.provenance.DataSourceProvenance;
import org.tribuo.provenance.SimpleDataSourceProvenance;

class ImageDatasetTest {

  private static final ImageShape IMAGENET = new ImageShape(3, 224, 224);

  /** Images in files, with a count of all readings. */
  private static final class CountingSource implements ImageSource {

    private final int images;
    private final AtomicInteger reads = new AtomicInteger();
    private final LabelFactory factory = new LabelFactory();
    private final Label[] labels = {new Label("a"), new Label("b")};

    CountingSource(int images) {
      this.images = images;
    }

    @Override
    public ImageShape imageShape() {
      return IMAGENET;
    }

    @Override
    public int size() {
      return images;
    }

    @Override
    public OutputFactory<Label> getOutputFactory() {
      return factory;
    }

    @Override
    public DataSourceProvenance getProvenance() {
      return new SimpleDataSourceProvenance("test", factory);
    }

    @Override
    public Iterator<Example<Label>> iterator() {
      return IntStream.range(0, images).<Example<Label>>mapToObj(this::example).iterator();
    }

    private ImageExample example(int i) {
      // A name of its own for each, as files have.
      String name = "n01440764_" + i + ".JPEG";
      PixelSource source =
          choice -> {
            reads.incrementAndGet();
            byte[] pixels = new byte[IMAGENET.size()];
            pixels[0] = (byte) name.length();
            return pixels;
          };
      return new ImageExample(labels[i % 2], source, IMAGENET.size());
    }
  }

  /** ImageNet has 1.28 million images of 150,528 values; they must not need to be in memory. */
  @Test
  void imagesInFilesAreNotReadAndCostFewBytes() {
    // The domain and the names of the features exist only once, whatever the number of images.
    ImageDataset one = new ImageDataset(new CountingSource(1));
    long before = used();
    CountingSource source = new CountingSource(200_000);
    ImageDataset dataset = new ImageDataset(source);
    long bytes = (used() - before - domainBytes(one)) / dataset.size();
    assertEquals(200_000, dataset.size());
    assertEquals(0, source.reads.get());
    assertTrue(bytes < 250, bytes + " bytes per image");

    PixelMap pixels = new PixelMap(dataset.getFeatureIDMap(), IMAGENET);
    float[] image = new float[IMAGENET.size()];
    pixels.fill(dataset.getExample(14), image, 0);
    assertEquals(17, image[0]);
    assertEquals(1, source.reads.get());
  }

  /**
   * The memory of a domain is measured, since an upper estimate would hide the memory of the
   * images.
   */
  private static long domainBytes(ImageDataset dataset) {
    long before = used();
    PixelDomain domain = new PixelDomain(dataset.imageShape().size(), 1);
    long bytes = used() - before;
    assertEquals(dataset.getFeatureIDMap().size(), domain.size());
    return bytes;
  }

  private static long used() {
    for (int i = 0; i < 3; i++) {
      System.gc();
    }
    Runtime runtime = Runtime.getRuntime();
    return runtime.totalMemory() - runtime.freeMemory();
  }

  @Test
  void everyPixelIsAFeatureAndItsIdItsPosition() {
    PixelDomain domain = new PixelDomain(12, 5);
    assertEquals(12, domain.size());
    for (int position = 0; position < 12; position++) {
      String name = PixelMap.featureName(position, 12);
      assertEquals(position, domain.getID(name));
      assertEquals(name, domain.get(position).getName());
      assertEquals(5, domain.get(name).getCount());
    }
    assertEquals(-1, domain.getID("12"));
  }

  @Test
  void theStoredDomainIsItsSize() {
    PixelDomain domain = new PixelDomain(IMAGENET.size(), 1_281_167);
    FeatureDomainProto stored = domain.serialize();
    assertTrue(stored.getSerializedSize() < 200, stored.getSerializedSize() + " bytes");
    FeatureMap read = FeatureMap.deserialize(stored);
    assertEquals(domain, read);
    assertEquals(IMAGENET.size(), read.size());
  }

  @Test
  void aStoredDomainIsNotTrusted() throws InvalidProtocolBufferException {
    for (int pixels : new int[] {Integer.MIN_VALUE, -1, 0, (1 << 20) + 1, Integer.MAX_VALUE}) {
      Any message = Any.pack(PixelDomainProto.newBuilder().setPixels(pixels).build());
      assertThrows(
          IllegalArgumentException.class,
          () -> PixelDomain.deserializeFromProto(0, PixelDomain.class.getName(), message));
    }
    Any negative = Any.pack(PixelDomainProto.newBuilder().setPixels(1).setImages(-1).build());
    assertThrows(
        IllegalArgumentException.class,
        () -> PixelDomain.deserializeFromProto(0, PixelDomain.class.getName(), negative));
    assertThrows(
        IllegalArgumentException.class,
        () -> PixelDomain.deserializeFromProto(1, PixelDomain.class.getName(), negative));
  }
}
