package dev.subbit.onnx;

/**
 * Measures how fast this machine does the vector operations that a kernel's algorithm cannot do
 * without. Only benchmarks need it, so it is a native library of its own that is loaded with this
 * class.
 */
final class StepTimes {

  /** The step of a kernel that states no bound. */
  static final int NO_STEP = 0;

  static {
    System.load(NativeLibrary.locate(StepTimes.class, "bench").toString());
  }

  private StepTimes() {}

  /**
   * Measures the least time that one core takes, which itself takes about a millisecond.
   *
   * @param step number of the kind of step, as the kernels' library gives it; not {@link #NO_STEP}.
   * @param instructionSet number of the instruction set, as that library gives it.
   * @param steps how many of them.
   * @return seconds.
   */
  static native double seconds(int step, int instructionSet, double steps);
}
