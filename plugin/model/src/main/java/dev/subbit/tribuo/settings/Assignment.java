package dev.subbit.tribuo.settings;

/** The rules by which a kernel is given its codeword. */
public enum Assignment {
  /** The codeword with the largest inner product, which is the nearest one. */
  NEAREST,
  /**
   * The nearest codeword after every weight was clipped to {@value #CLIP} times the mean |weight|
   * of its kernel, so that one large weight does not outvote the other eight. Only the choice is
   * made on the clipped weights; the scale of an output channel is the mean of the weights as they
   * are.
   *
   * <p>Source: that outliers bias the choice, and are to be scaled for it, is from "S2NN" (arXiv
   * 2509.24266); the clipping is this project's.
   */
  SCALED;

  /** Largest |weight| that counts for the choice, as a multiple of the kernel's mean |weight|. */
  public static final float CLIP = 1.5f;
}
