package dev.subbit.tribuo.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.awt.color.ColorSpace;
import java.awt.color.ICC_Profile;
import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.awt.image.WritableRaster;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.zip.CRC32;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;
import javax.imageio.stream.MemoryCacheImageOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PictureDecoderTest {

  @TempDir private Path folder;

  private Picture png(BufferedImage image) throws IOException {
    return PictureDecoder.decode(Pictures.write(folder.resolve("picture.png"), image));
  }

  private static void assertSamples(Picture picture, int... expected) {
    int[] actual = new int[picture.samples().length];
    for (int i = 0; i < actual.length; i++) {
      actual[i] = picture.samples()[i] & 0xFF;
    }
    assertArrayEquals(expected, actual, Arrays.toString(actual));
  }

  @Test
  void coloursComePixelByPixel() throws IOException {
    BufferedImage image = new BufferedImage(2, 1, BufferedImage.TYPE_INT_RGB);
    image.setRGB(0, 0, 0x102030);
    image.setRGB(1, 0, 0xF0E0D0);
    Picture picture = png(image);
    assertEquals(3, picture.channels());
    assertEquals(2, picture.width());
    assertEquals(1, picture.height());
    assertSamples(picture, 0x10, 0x20, 0x30, 0xF0, 0xE0, 0xD0);
  }

  @Test
  void greyValuesAreTakenAsTheyStandInTheFile() throws IOException {
    BufferedImage image = new BufferedImage(3, 1, BufferedImage.TYPE_BYTE_GRAY);
    image.getRaster().setPixels(0, 0, 3, 1, new int[] {0, 77, 255});
    Picture picture = png(image);
    assertEquals(1, picture.channels());
    assertSamples(picture, 0, 77, 255);
  }

  @Test
  void sixteenBitsBecomeEight() throws IOException {
    BufferedImage image = new BufferedImage(3, 1, BufferedImage.TYPE_USHORT_GRAY);
    image.getRaster().setPixels(0, 0, 3, 1, new int[] {0x12FF, 0x8000, 0xFFFF});
    assertSamples(png(image), 0x12, 0x80, 0xFF);
  }

  @Test
  void oneBitBecomesBlackAndWhite() throws IOException {
    BufferedImage image = new BufferedImage(3, 1, BufferedImage.TYPE_BYTE_BINARY);
    image.setRGB(1, 0, 0xFFFFFF);
    Picture picture = png(image);
    for (int channel = 0; channel < picture.channels(); channel++) {
      assertEquals(0, picture.samples()[channel]);
      assertEquals((byte) 255, picture.samples()[picture.channels() + channel]);
    }
  }

  @Test
  void aPaletteBecomesItsColours() throws IOException {
    byte[] red = {0, 10, 20};
    byte[] green = {1, 11, 21};
    byte[] blue = {2, 12, 22};
    BufferedImage image =
        new BufferedImage(
            2, 1, BufferedImage.TYPE_BYTE_INDEXED, new IndexColorModel(8, 3, red, green, blue));
    image.getRaster().setPixels(0, 0, 2, 1, new int[] {2, 1});
    assertSamples(png(image), 20, 21, 22, 10, 11, 12);
  }

  @Test
  void whatIsTransparentLiesOnWhite() throws IOException {
    BufferedImage image = new BufferedImage(3, 1, BufferedImage.TYPE_INT_ARGB);
    image.setRGB(0, 0, 0x00102030);
    image.setRGB(1, 0, 0xFF102030);
    image.setRGB(2, 0, 0x80000000);
    assertSamples(png(image), 255, 255, 255, 0x10, 0x20, 0x30, 127, 127, 127);
  }

  @Test
  void jpegGivesItsColoursWhateverTheNameSays() throws IOException {
    Path jpeg = Pictures.write(folder.resolve("picture.jpg"), 20, 10, 0x8040C0);
    Picture picture = PictureDecoder.decode(Files.move(jpeg, folder.resolve("picture.png")));
    assertEquals(20, picture.width());
    assertEquals(0x80, picture.samples()[0] & 0xFF, 3);
    assertEquals(0x40, picture.samples()[1] & 0xFF, 3);
    assertEquals(0xC0, picture.samples()[2] & 0xFF, 3);
  }

  /** The decoder is given a picture of our own to fill; what its own would hold is the same. */
  @Test
  void aColourProfileChangesNoValueThatTheDecoderGives() throws IOException {
    BufferedImage image = new BufferedImage(16, 16, BufferedImage.TYPE_INT_RGB);
    for (int i = 0; i < 256; i++) {
      image.setRGB(i % 16, i / 16, i << 16 | 100 << 8 | 255 - i);
    }
    byte[] plain = jpeg(image, false);
    byte[] profile = ICC_Profile.getInstance(ColorSpace.CS_LINEAR_RGB).getData();
    // After the header of JFIF, which comes first.
    int place = 2 + 2 + (plain[4] << 8 | plain[5]);
    int length = 2 + 14 + profile.length;
    ByteArrayOutputStream profiled = new ByteArrayOutputStream();
    profiled.write(plain, 0, place);
    profiled.write(new byte[] {(byte) 0xFF, (byte) 0xE2, (byte) (length >> 8), (byte) length});
    profiled.write("ICC_PROFILE".getBytes(StandardCharsets.US_ASCII));
    profiled.write(new byte[] {0, 1, 1});
    profiled.write(profile);
    profiled.write(plain, place, plain.length - place);
    Path file = Files.write(folder.resolve("profiled.jpg"), profiled.toByteArray());
    BufferedImage own = ImageIO.read(file.toFile());
    assertFalse(
        Arrays.equals(decode(plain).samples(), decode(profiled.toByteArray()).samples()),
        "it converts");
    int[] expected = own.getRaster().getPixels(0, 0, 16, 16, (int[]) null);
    assertSamples(PictureDecoder.decode(file), expected);
  }

  /** Four inks as they are, as Adobe's programs invert them, and as they turn them to YCCK. */
  @Test
  void fourInksBecomeColours() throws IOException {
    int[] inks = {200, 100, 50, 30};
    int[] inverted = {55, 155, 205, 225};
    // Of red 55, green 155, blue 205, by JFIF's formulas.
    int[] ycck = {131, 170, 74, 225};
    int[] colours = {55 * 225 / 255, 155 * 225 / 255, 205 * 225 / 255};
    assertColours(colours, fourInks(inks, -1));
    assertColours(colours, fourInks(inverted, 0));
    assertColours(colours, fourInks(ycck, 2));
  }

  private void assertColours(int[] expected, byte[] jpeg) throws IOException {
    Picture picture = PictureDecoder.decode(Files.write(folder.resolve("inks.jpg"), jpeg));
    assertEquals(3, picture.channels());
    for (int channel = 0; channel < 3; channel++) {
      assertEquals(expected[channel], picture.samples()[channel] & 0xFF, 4);
    }
  }

  private static byte[] fourInks(int[] values, int adobeTransform) throws IOException {
    WritableRaster raster = Raster.createInterleavedRaster(0, 8, 8, 4, null);
    for (int i = 0; i < 64; i++) {
      raster.setPixel(i % 8, i / 8, values);
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
    try (ImageOutputStream out = new MemoryCacheImageOutputStream(bytes)) {
      writer.setOutput(out);
      writer.write(null, new IIOImage(raster, null, null), null);
    }
    writer.dispose();
    byte[] plain = bytes.toByteArray();
    if (adobeTransform < 0) {
      return plain;
    }
    ByteArrayOutputStream marked = new ByteArrayOutputStream();
    marked.write(plain, 0, 2);
    marked.write(new byte[] {(byte) 0xFF, (byte) 0xEE, 0, 14});
    marked.write("Adobe".getBytes(StandardCharsets.US_ASCII));
    marked.write(new byte[] {0, 100, 0, 0, 0, 0, (byte) adobeTransform});
    marked.write(plain, 2, plain.length - 2);
    return marked.toByteArray();
  }

  @Test
  void everyTruncationIsNoticed() throws IOException {
    for (String name : new String[] {"whole.png", "whole.jpg"}) {
      BufferedImage image = new BufferedImage(40, 40, BufferedImage.TYPE_INT_RGB);
      SplittableRandom rng = new SplittableRandom(1);
      for (int i = 0; i < 1600; i++) {
        image.setRGB(i % 40, i / 40, rng.nextInt(1 << 24));
      }
      byte[] whole = Files.readAllBytes(Pictures.write(folder.resolve(name), image));
      for (int length = 0; length < whole.length; length += 97) {
        Path cut = Files.write(folder.resolve("cut-" + name), Arrays.copyOf(whole, length));
        IOException e = assertThrows(IOException.class, () -> PictureDecoder.decode(cut));
        assertTrue(e.getMessage().startsWith(cut.toString()), e.getMessage());
        assertTrue(
            e.getMessage().contains("truncated")
                || e.getMessage().contains("empty")
                || e.getMessage().contains("neither"),
            e.getMessage());
      }
    }
  }

  /** Damage is an IOException that names the file, or a picture; never anything else. */
  @Test
  void damageNeverGivesAnythingButAnIoException() throws IOException {
    SplittableRandom rng = new SplittableRandom(7);
    for (String name : new String[] {"whole.png", "whole.jpg"}) {
      byte[] whole =
          Files.readAllBytes(Pictures.write(folder.resolve(name), 24, 24, rng.nextInt(1 << 24)));
      int refused = 0;
      for (int i = 0; i < 300; i++) {
        byte[] damaged = whole.clone();
        for (int change = 0; change < 3; change++) {
          damaged[rng.nextInt(damaged.length)] = (byte) rng.nextInt(256);
        }
        Path file = Files.write(folder.resolve("damaged"), damaged);
        try {
          PictureDecoder.decode(file);
        } catch (IOException e) {
          assertTrue(e.getMessage().startsWith(file.toString()), e.getMessage());
          refused++;
        }
      }
      assertTrue(refused > 0, name);
    }
  }

  @Test
  void saysWhatIsWrongWithAFile() throws IOException {
    assertFails("is missing", folder.resolve("none.png"));
    assertFails("empty", Files.write(folder.resolve("empty.png"), new byte[0]));
    assertFails("neither PNG nor JPEG", Files.writeString(folder.resolve("text.jpg"), "Not one"));
    byte[] huge = Files.readAllBytes(Pictures.write(folder.resolve("small.png"), 3, 3, 0));
    huge[17] = 0x7F;
    huge[21] = 0x7F;
    assertFails("pixels of 3 bytes are too many", Files.write(folder.resolve("huge.png"), huge));
  }

  /** 63 million pixels are few in one byte each, and too many in eight. */
  @Test
  void aPictureIsBoundedByItsDecodedBytes() throws IOException {
    byte[] claim = Files.readAllBytes(Pictures.write(folder.resolve("small.png"), 3, 3, 0));
    ByteBuffer.wrap(claim).putInt(16, 9000).putInt(20, 7000);
    claim[24] = 16;
    claim[25] = 6;
    CRC32 checksum = new CRC32();
    checksum.update(claim, 12, 17);
    ByteBuffer.wrap(claim).putInt(29, (int) checksum.getValue());
    assertFails("9,000 x 7,000 pixels of 8 bytes", Files.write(folder.resolve("deep.png"), claim));
    claim[24] = 8;
    claim[25] = 0;
    checksum.reset();
    checksum.update(claim, 12, 17);
    ByteBuffer.wrap(claim).putInt(29, (int) checksum.getValue());
    Path shallow = Files.write(folder.resolve("shallow.png"), claim);
    IOException e = assertThrows(IOException.class, () -> PictureDecoder.decode(shallow));
    assertFalse(e.getMessage().contains("too many"), "it only lacks data: " + e.getMessage());
  }

  @Test
  void progressiveJpegIsReadUnlessItHasSoManyScansThatItIsABomb() throws IOException {
    byte[] photo = progressive(new BufferedImage(2500, 2000, BufferedImage.TYPE_INT_RGB));
    assertEquals(10, JpegMarkers.of(photo).scans());
    assertEquals(14, JpegMarkers.of(photo).passes());
    assertEquals(2500, decode(photo).width());

    int end = photo.length - 2;
    int lastScan = end;
    while (photo[lastScan] != (byte) 0xFF || photo[lastScan + 1] != (byte) 0xDA) {
      lastScan--;
    }
    ByteArrayOutputStream bomb = new ByteArrayOutputStream();
    bomb.write(photo, 0, end);
    for (int i = 0; i < 190; i++) {
      bomb.write(photo, lastScan, end - lastScan);
    }
    bomb.write(photo, end, 2);
    long start = System.nanoTime();
    IOException e = assertThrows(IOException.class, () -> decode(bomb.toByteArray()));
    assertTrue(
        e.getMessage().contains("its 200 scans over 2,500 x 2,000 pixels would take too long"),
        e.getMessage());
    assertTrue(System.nanoTime() - start < 1_000_000_000L, "refused before it is decoded");
  }

  /** Cameras put previews before the picture, and programs put all kinds of things after it. */
  @Test
  void whatLooksLikeAScanOutsideOfThePictureIsNone() throws IOException {
    byte[] plain = jpeg(new BufferedImage(20, 10, BufferedImage.TYPE_INT_RGB), false);
    ByteArrayOutputStream wrapped = new ByteArrayOutputStream();
    wrapped.write(plain, 0, 2);
    wrapped.write(new byte[] {(byte) 0xFF, (byte) 0xE1, 0, (byte) (2 + 6)});
    wrapped.write(new byte[] {(byte) 0xFF, (byte) 0xDA, 0, 3, 3, (byte) 0xFF});
    wrapped.write(plain, 2, plain.length - 2);
    wrapped.write(new byte[] {7, (byte) 0xFF, (byte) 0xDA, 0, 3, 3});
    assertEquals(JpegMarkers.of(plain), JpegMarkers.of(wrapped.toByteArray()));
    assertEquals(20, decode(wrapped.toByteArray()).width());
  }

  private static byte[] progressive(BufferedImage image) throws IOException {
    return jpeg(image, true);
  }

  private static byte[] jpeg(BufferedImage image, boolean progressive) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
    ImageWriteParam how = writer.getDefaultWriteParam();
    if (progressive) {
      how.setProgressiveMode(ImageWriteParam.MODE_DEFAULT);
    }
    try (ImageOutputStream out = new MemoryCacheImageOutputStream(bytes)) {
      writer.setOutput(out);
      writer.write(null, new IIOImage(image, null, null), how);
    }
    writer.dispose();
    return bytes.toByteArray();
  }

  private static Picture decode(byte[] file) throws IOException {
    return PictureDecoder.decode(new ByteArrayInputStream(file), "It");
  }

  private static void assertFails(String reason, Path file) {
    IOException e = assertThrows(IOException.class, () -> PictureDecoder.decode(file));
    assertTrue(e.getMessage().startsWith(file.toString()), e.getMessage());
    assertTrue(e.getMessage().contains(reason), e.getMessage());
  }
}
