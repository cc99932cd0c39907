package dev.subbit.tribuo.data;

/**
 * What a JPEG file says about itself before its pixels (ITU-T T.81, annex B), as far as the JDK's
 * decoder leaves it to its caller.
 *
 * @param components number of colour components; 0 where no frame was found.
 * @param adobeTransform the colour transform of Adobe's marker: 0 none, 1 YCbCr, 2 YCCK; -1 without
 *     such a marker.
 * @param complete whether the end of the image comes after the start of its last scan.
 */
record JpegMarkers(int components, int adobeTransform, boolean complete) {

  private static final int START_OF_SCAN = 0xDA;
  private static final int END_OF_IMAGE = 0xD9;
  private static final int ADOBE = 0xEE;
  private static final int ADOBE_TRANSFORM = 11;

  /** Whether a file begins as every JPEG file does. */
  static boolean isJpeg(byte[] file) {
    return file.length > 2 && at(file, 0) == 0xFF && at(file, 1) == 0xD8 && at(file, 2) == 0xFF;
  }

  /** Reads the markers of a JPEG file, whole or damaged. */
  static JpegMarkers of(byte[] file) {
    int components = 0;
    int transform = -1;
    int position = 2;
    while (position + 4 <= file.length && at(file, position) == 0xFF) {
      int marker = at(file, position + 1);
      if (marker == 0xFF) {
        position++;
        continue;
      }
      if (marker == START_OF_SCAN) {
        break;
      }
      int length = at(file, position + 2) << 8 | at(file, position + 3);
      int data = position + 4;
      if (isFrame(marker) && data + 5 < file.length) {
        components = at(file, data + 5);
      } else if (marker == ADOBE && isAdobe(file, data, length)) {
        transform = at(file, data + ADOBE_TRANSFORM);
      }
      position += 2 + length;
    }
    int scan = last(file, START_OF_SCAN);
    return new JpegMarkers(components, transform, scan > 0 && last(file, END_OF_IMAGE) > scan);
  }

  private static boolean isFrame(int marker) {
    return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
  }

  private static boolean isAdobe(byte[] file, int data, int length) {
    return length >= ADOBE_TRANSFORM + 3
        && data + ADOBE_TRANSFORM < file.length
        && at(file, data) == 'A'
        && at(file, data + 1) == 'd'
        && at(file, data + 2) == 'o'
        && at(file, data + 3) == 'b'
        && at(file, data + 4) == 'e';
  }

  /**
   * The position of the last marker of a kind. Among the bytes of a scan 0xFF is always followed by
   * 0 or a restart marker, so what looks like one of these markers is one.
   */
  private static int last(byte[] file, int marker) {
    for (int i = file.length - 2; i >= 0; i--) {
      if (at(file, i) == 0xFF && at(file, i + 1) == marker) {
        return i;
      }
    }
    return -1;
  }

  private static int at(byte[] file, int position) {
    return file[position] & 0xFF;
  }
}
