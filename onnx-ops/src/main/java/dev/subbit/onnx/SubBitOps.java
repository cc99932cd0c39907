package dev.subbit.onnx;

import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.nio.file.Path;

/** The native kernels of the sub-bit operators, offered to ONNX Runtime. */
public final class SubBitOps {

  /** Session configuration entry that the library reads. */
  private static final String PACKED_SIGNS = "subbit.ops.packed_signs";

  private SubBitOps() {}

  /**
   * Registers the kernels: sessions made with these options run the sub-bit operators on them
   * instead of the function bodies inside the model. The options may be closed as soon as the
   * session exists. Registering twice is the same as once. Where an execution provider of Subbit is
   * added too, this comes before it.
   *
   * @param options the session options to add to.
   * @throws OrtException if ONNX Runtime refuses, for one because it is older than the kernels
   *     need.
   * @throws IllegalStateException if there is no library for this platform or it cannot be put in
   *     place; the message says what to do.
   */
  public static void register(OrtSession.SessionOptions options) throws OrtException {
    options.registerCustomOpLibrary(library().toString());
  }

  /**
   * As {@link #register}, but without kernels for the operators on packed signs. Of those that no
   * execution provider takes as they are, ONNX Runtime then takes the function bodies, in which a
   * provider finds the {@code BinarySubBitConv} that it can run.
   *
   * @param options the session options to add to.
   * @throws OrtException as {@link #register}.
   * @throws IllegalStateException as {@link #register}.
   */
  public static void registerWithoutPackedSigns(OrtSession.SessionOptions options)
      throws OrtException {
    options.addConfigEntry(PACKED_SIGNS, "0");
    register(options);
  }

  /**
   * The library that holds the kernels, for use from other languages too (Python: {@code
   * SessionOptions.register_custom_ops_library}).
   *
   * @return absolute path of the library, valid until this process ends.
   * @throws IllegalStateException if there is no library for this platform or it cannot be put in
   *     place; the message says what to do.
   */
  public static Path library() {
    return NativeLibrary.locate(SubBitOps.class, "ops");
  }

  /**
   * Loads the library into this process, as ONNX Runtime does when it registers it.
   *
   * @throws IllegalStateException as {@link #library}, and if this system refuses to load it.
   */
  static void load() {
    try {
      System.load(library().toString());
    } catch (UnsatisfiedLinkError e) {
      throw NativeLibrary.notLoaded(e);
    }
  }
}
