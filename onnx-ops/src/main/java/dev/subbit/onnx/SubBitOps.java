package dev.subbit.onnx;

import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.nio.file.Path;

/** The native kernels of the sub-bit operators, offered to ONNX Runtime. */
public final class SubBitOps {

  /**
   * The session configuration entry by which the library is told to leave out packed signs, and
   * integer networks with them.
   */
  private static final String PACKED_SIGNS = "subbit.ops.packed_signs";

  private SubBitOps() {}

  /**
   * Registers the kernels. Sessions created with these options run the sub-bit operators on them
   * instead of on the function bodies inside the model. The options may be closed as soon as the
   * session exists. Registering twice has the same effect as registering once. If Subbit's
   * execution provider is added too, the kernels must be registered first.
   *
   * @param options the session options to add to.
   * @throws OrtException if ONNX Runtime rejects the library, for example because the runtime is
   *     too old for the kernels.
   * @throws IllegalStateException if there is no library for this platform or it cannot be
   *     unpacked; the message says what to do.
   */
  public static void register(OrtSession.SessionOptions options) throws OrtException {
    options.registerCustomOpLibrary(library().toString());
  }

  /**
   * Registers the kernels as {@link #register} does, except those for the operators whose bodies
   * call {@code BinarySubBitConv}, or whose network does: the operators on packed signs and those
   * of integer networks. Nodes with these operators that no execution provider takes as they are
   * then run on their function bodies, in which a provider finds the {@code BinarySubBitConv} that
   * it can run.
   *
   * @param options the session options to add to.
   * @throws OrtException as {@link #register}.
   * @throws IllegalStateException as {@link #register}.
   */
  public static void registerForDevice(OrtSession.SessionOptions options) throws OrtException {
    options.addConfigEntry(PACKED_SIGNS, "0");
    register(options);
  }

  /**
   * Returns the path of the library with the kernels, which other languages can use too (in Python:
   * {@code SessionOptions.register_custom_ops_library}).
   *
   * @return absolute path of the library, valid until this process ends.
   * @throws IllegalStateException if there is no library for this platform or it cannot be
   *     unpacked; the message says what to do.
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
