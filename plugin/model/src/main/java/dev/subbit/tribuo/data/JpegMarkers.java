package dev.subbit.tribuo.data;

/**
 * What the markers of a JPEG file say (ITU-T T.81, annex B), as far as the JDK's decoder leaves it
 * to its caller.
 *
 * @param components number of colour components; 0 where no frame was found.
 * @param adobeTransform the colour transform of Adobe's marker: 0 none, 1 YCbCr, 2 YCCK; -1 without
 *     such a marker.
 * @param scans number of scans.
 * @param passes number of components of all scans together: each makes the decoder go over the
 *     whole component. A plain file has one for each of its components, a progressive one as its
 *     encoder liked, usually 6 of a grey picture and 14 of a coloured one.
 * @param complete whether the end of the image comes after a scan.
 */
record JpegMarkers(int components, int adobeTransform, int scans, long passes, boolean complete) {

  private static final int START_OF_SCAN = 0xDA;
  private static final int END_OF_IMAGE = 0xD9;
  private static final int ADOBE = 0xEE;
  private static final int ADOBE_TRANSFORM = 11;

  /** Whether a file begins as every JPEG file does. */
  static boolean isJpeg(byte[] file) {
    return file.length > 2 && at(file, 0) == 0xFF && at(file, 1) == 0xD8 && at(file, 2) == 0xFF;
  }

  /**
   * Reads the markers of a JPEG file, whole or damaged, up to the end of its image. What is between
   * a marker's segment and the next marker is skipped, as decoders do; the values of a scan are
   * such.
   */
  static JpegMarkers of(byte[] file) {
    int components = 0;
    int transform = -1;
    int scans = 0;
    long passes = 0;
    boolean ended = false;
    int position = 2;
    while (position + 1 < file.length && !ended) {
      int marker = at(file, position + 1);
      if (at(file, position) != 0xFF || marker == 0xFF) {
        position++;
        continue;
      }
      if (marker == END_OF_IMAGE) {
        ended = true;
      } else if (isAlone(marker)) {
        position += 2;
      } else if (position + 4 > file.length) {
        break;
      } else {
        int length = at(file, position + 2) << 8 | at(file, position + 3);
        int data = position + 4;
        if (isFrame(marker) && data + 5 < file.length) {
          components = at(file, data + 5);
        } else if (marker == START_OF_SCAN && data < file.length) {
          scans++;
          passes += at(file, data);
        } else if (marker == ADOBE && isAdobe(file, data, length)) {
          transform = at(file, data + ADOBE_TRANSFORM);
        }
        position += 2 + length;
      }
    }
    return new JpegMarkers(components, transform, scans, passes, ended && scans > 0);
  }

  /** Whether nothing belongs to a marker: 0xFF among the values of a scan, and restarts. */
  private static boolean isAlone(int marker) {
    return marker <= 0x01 || (marker >= 0xD0 && marker <= 0xD8);
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

  private static int at(byte[] file, int position) {
    return file[position] & 0xFF;
  }
}
