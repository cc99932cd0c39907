package dev.subbit.tribuo.data;

import com.code_intelligence.jazzer.junit.FuzzTest;
import com.code_intelligence.jazzer.mutation.annotation.NotNull;
import com.code_intelligence.jazzer.mutation.annotation.WithLength;
import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.subbit.onnx.ReaderContract;
import dev.subbit.tribuo.network.ImageShape;
import dev.subbit.tribuo.protos.ImageExampleProto;
import dev.subbit.tribuo.protos.PixelDomainProto;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.tribuo.classification.Label;

/** Data sets and pictures of any content. */
@Timeout(60)
class ImageReadersFuzzTest {

  private static final ReaderContract FILE = ReaderContract.of(IOException.class);

  /** A picture may have 100 million pixels, and be held in floats on the way. */
  private static final ReaderContract PICTURE =
      new ReaderContract(Set.of(IOException.class), 2L << 30, 1_000);

  /** A page may come to 256 MB, and is held before and after it was decompressed. */
  private static final ReaderContract TABLE =
      new ReaderContract(Set.of(IOException.class), 1L << 30, 1_000);

  /** A domain may have a million features. */
  private static final ReaderContract STORED =
      new ReaderContract(
          Set.of(
              InvalidProtocolBufferException.class,
              IllegalArgumentException.class,
              IllegalStateException.class),
          512L << 20,
          1_000);

  private static final int CIFAR_PIXELS = 3 * 32 * 32;

  @TempDir static Path folder;

  static Stream<Arguments> idx() throws IOException {
    byte[] images = {
      0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
    };
    byte[] coloured = {0, 0, 8, 4, 0, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0, 1, 1, 2, 3};
    byte[] labels = {0, 0, 8, 1, 0, 0, 0, 2, 1, 0};
    byte[] label = {0, 0, 8, 1, 0, 0, 0, 1, 9};
    return Stream.of(
        Arguments.of(images, labels),
        Arguments.of(coloured, label),
        Arguments.of(zipped(images), zipped(labels)));
  }

  private static byte[] zipped(byte[] bytes) throws IOException {
    ByteArrayOutputStream zipped = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(zipped)) {
      out.write(bytes);
    }
    return zipped.toByteArray();
  }

  @MethodSource("idx")
  @FuzzTest
  void idxFilesAreRead(byte @NotNull [] images, byte @NotNull [] labels) throws IOException {
    Path imagesFile = Files.write(folder.resolve("images"), images);
    Path labelsFile = Files.write(folder.resolve("labels"), labels);
    FILE.read(
        images.length + labels.length,
        () -> new IdxImageSource(imagesFile, labelsFile, List.of("no", "yes"), 0));
  }

  static Stream<Arguments> cifar() {
    String names = "a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n";
    return Stream.of(
        Arguments.of(new byte[] {0, 9}, new byte[0], names),
        Arguments.of(new byte[] {10}, new byte[] {1}, ""));
  }

  /** Images of these labels, then a few bytes, and a list of the labels' names. */
  @MethodSource("cifar")
  @FuzzTest
  void cifarFilesAreRead(
      byte @NotNull @WithLength(max = 20) [] labels,
      byte @NotNull @WithLength(max = 20) [] rest,
      @NotNull String names)
      throws IOException {
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    for (byte label : labels) {
      file.write(label);
      file.write(new byte[CIFAR_PIXELS]);
    }
    file.write(rest);
    Path cifar = Files.createDirectories(folder.resolve("cifar"));
    Files.write(cifar.resolve("test_batch.bin"), file.toByteArray());
    Files.writeString(cifar.resolve("batches.meta.txt"), names);
    FILE.read(
        file.size() + names.length(),
        () ->
            new CifarImageSource(
                cifar, CifarImageSource.Part.TEST, CifarImageSource.Labels.FINE, 0));
  }

  static Stream<byte[]> pictures() {
    return Stream.of(
        picture("png", BufferedImage.TYPE_INT_RGB),
        picture("png", BufferedImage.TYPE_4BYTE_ABGR),
        picture("png", BufferedImage.TYPE_BYTE_INDEXED),
        picture("png", BufferedImage.TYPE_USHORT_GRAY),
        picture("jpeg", BufferedImage.TYPE_INT_RGB),
        picture("jpeg", BufferedImage.TYPE_BYTE_GRAY));
  }

  private static byte[] picture(String format, int type) {
    BufferedImage image = new BufferedImage(5, 4, type);
    for (int i = 0; i < 20; i++) {
      image.setRGB(i % 5, i / 5, 0xFF000000 | i * 0x0A0B0C);
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      ImageIO.write(image, format, bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  @MethodSource("pictures")
  @FuzzTest
  void picturesAreDecoded(byte[] file) {
    PicturePreparation preparation = PicturePreparation.of(new ImageShape(3, 4, 4));
    PICTURE
        .read(
            file.length, () -> PictureDecoder.decode(new ByteArrayInputStream(file), "picture.png"))
        .ifPresent(picture -> preparation.image(picture));
  }

  static Stream<byte[]> tables() throws IOException {
    List<byte[]> tables = new ArrayList<>();
    for (String name : List.of("defaults", "plain", "structure", "gzip", "lz4")) {
      tables.add(Files.readAllBytes(ParquetSourceTest.table(name)));
    }
    return tables.stream();
  }

  @MethodSource("tables")
  @FuzzTest
  void tablesAreRead(byte @NotNull [] file) throws IOException {
    Path table = Files.write(folder.resolve("any.parquet"), file);
    TABLE
        .read(
            file.length,
            () ->
                new ParquetSource(table, "image", "label", new ImageShape(1, 8, 8), 0, null, null))
        .ifPresent(
            source ->
                TABLE.read(
                    file.length,
                    () -> {
                      source.read(source.found().images().get(0), null);
                      return source;
                    }));
  }

  static Stream<ImageExampleProto> examples() throws InvalidProtocolBufferException {
    ImageExample example = new ImageExample(new Label("a"), new byte[] {1, 2, 3, 4});
    example.setMetadataValue("file", "a.png");
    return Stream.of(example.serialize().getSerializedData().unpack(ImageExampleProto.class));
  }

  @MethodSource("examples")
  @FuzzTest
  void imagesAreRestored(@NotNull ImageExampleProto stored) {
    STORED.read(
        stored.getSerializedSize(),
        () -> ImageExample.deserializeFromProto(0, ImageExample.class.getName(), Any.pack(stored)));
  }

  static Stream<PixelDomainProto> domains() {
    return Stream.of(28 * 28, 525_072)
        .map(pixels -> PixelDomainProto.newBuilder().setPixels(pixels).setImages(7).build());
  }

  @MethodSource("domains")
  @FuzzTest
  void featureDomainsAreRestored(@NotNull PixelDomainProto stored) {
    STORED.read(
        stored.getSerializedSize(),
        () -> PixelDomain.deserializeFromProto(0, PixelDomain.class.getName(), Any.pack(stored)));
  }
}
