package dev.subbit.tribuo.io;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** SHA-256 digests, which every JDK offers. */
public final class Sha256 {

  private Sha256() {}

  /**
   * Starts a digest of data to come.
   *
   * @return a new digest.
   */
  public static MessageDigest start() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("Every JDK has SHA-256", e);
    }
  }
}
