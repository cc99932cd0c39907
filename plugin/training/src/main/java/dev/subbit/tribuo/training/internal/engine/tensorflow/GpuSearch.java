package dev.subbit.tribuo.training.internal.engine.tensorflow;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.subbit.onnx.NativeLibrary;
import dev.subbit.tribuo.settings.TrainingDevice;
import dev.subbit.tribuo.training.internal.engine.MissingEngine;
import java.lang.System.Logger.Level;
import java.util.Optional;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.PointerScope;
import org.tensorflow.internal.c_api.TF_Buffer;
import org.tensorflow.internal.c_api.TF_DeviceList;
import org.tensorflow.internal.c_api.TF_Graph;
import org.tensorflow.internal.c_api.TF_Session;
import org.tensorflow.internal.c_api.TF_SessionOptions;
import org.tensorflow.internal.c_api.TF_Status;
import org.tensorflow.internal.c_api.global.tensorflow;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.proto.KernelList;

/**
 * Looks for a GPU that TensorFlow can train on, and says what is missing where there is none.
 * TensorFlow-Java 1.1.0 lists neither devices nor kernels, so this goes through the C API.
 */
final class GpuSearch {

  private static final System.Logger logger = System.getLogger(GpuSearch.class.getName());

  /** The only platform for which TensorFlow-Java has a library that computes on GPUs. */
  private static final String PLATFORM = "linux-x86_64";

  private static final String GPU_CLASSIFIER = PLATFORM + MissingEngine.GPU;

  private static final String GPU_KIND = "GPU";

  /** An operator that every library for GPUs has a kernel of. */
  private static final String COMMON_OPERATOR = "MatMul";

  /** TensorFlow reads this when it first needs to know, and Java cannot set it for itself. */
  private static final String DETERMINISM = "TF_DETERMINISTIC_OPS";

  private static boolean warned;

  private GpuSearch() {}

  /**
   * Says why there is no GPU to train on. Looking takes a session, whose threads all later ones of
   * the process have.
   *
   * @param threads that trainings compute with on the processor.
   * @return the reason, and what to do; empty if there is a GPU.
   */
  static Optional<String> obstacle(int threads) {
    if (!NativeLibrary.platform().equals(PLATFORM)) {
      return Optional.of(
          "TensorFlow-Java trains on GPUs on Linux x86-64 only, and this is "
              + NativeLibrary.platform());
    }
    if (!libraryHasKernels()) {
      return Optional.of(
          "TensorFlow's library on the class path computes on processors only: put "
              + MissingEngine.LIBRARY
              + GPU_CLASSIFIER
              + " there in place of the one without "
              + MissingEngine.GPU
              + " (for ./subbit: build it with -Dtensorflow.platform="
              + GPU_CLASSIFIER
              + ")");
    }
    ThreadCount.claim(threads);
    if (!seesGpu(SessionConfig.training(TrainingDevice.GPU, threads))) {
      return Optional.of(
          "TensorFlow finds no GPU on this machine: nvidia-smi must list one, CUDA_VISIBLE_DEVICES"
              + " must not hide it, and LD_LIBRARY_PATH must name the folders of CUDA 12.5 and cuDNN"
              + " 9.3 (TF_CPP_MIN_LOG_LEVEL=0 makes TensorFlow say what it misses)");
    }
    return Optional.empty();
  }

  /** Says once per process if trainings on a GPU will not repeat to the bit. */
  static synchronized void warnOfUnrepeatableBits() {
    if (System.getenv(DETERMINISM) == null && !warned) {
      warned = true;
      logger.log(
          Level.WARNING,
          "Trainings on the GPU will differ from run to run: start the process with the environment"
              + " variable {0}=1, or with 0 to keep this quiet",
          DETERMINISM);
    }
  }

  private static boolean libraryHasKernels() {
    return kernels(COMMON_OPERATOR).getKernelList().stream()
        .anyMatch(kernel -> kernel.getDeviceType().equals(GPU_KIND));
  }

  /** The kernels that TensorFlow's library has of an operator, on all kinds of devices. */
  @SuppressWarnings("try") // The scope frees what is made within it and is not used by name.
  static KernelList kernels(String operator) {
    try (PointerScope scope = new PointerScope()) {
      TF_Status status = TF_Status.newStatus();
      TF_Buffer kernels = tensorflow.TF_GetRegisteredKernelsForOp(operator, status);
      status.throwExceptionIfNotOK();
      try {
        return KernelList.parseFrom(kernels.dataAsByteBuffer());
      } finally {
        tensorflow.TF_DeleteBuffer(kernels);
      }
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException(
          "TensorFlow's list of kernels cannot be read: " + e.getMessage(), e);
    }
  }

  @SuppressWarnings("try") // As above.
  private static boolean seesGpu(ConfigProto config) {
    try (PointerScope scope = new PointerScope()) {
      TF_Status status = TF_Status.newStatus();
      TF_SessionOptions options = TF_SessionOptions.newSessionOptions();
      BytePointer bytes = new BytePointer(config.toByteArray());
      tensorflow.TF_SetConfig(options, bytes, config.getSerializedSize(), status);
      status.throwExceptionIfNotOK();
      TF_Session session = TF_Session.newSession(TF_Graph.newGraph(), options, status);
      status.throwExceptionIfNotOK();
      TF_DeviceList devices = tensorflow.TF_SessionListDevices(session, status);
      status.throwExceptionIfNotOK();
      try {
        for (int i = 0; i < tensorflow.TF_DeviceListCount(devices); i++) {
          BytePointer kind = tensorflow.TF_DeviceListType(devices, i, status);
          status.throwExceptionIfNotOK();
          if (kind.getString().equals(GPU_KIND)) {
            return true;
          }
        }
        return false;
      } finally {
        tensorflow.TF_DeleteDeviceList(devices);
      }
    }
  }
}
