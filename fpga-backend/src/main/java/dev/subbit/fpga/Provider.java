package dev.subbit.fpga;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtEpDevice;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.util.List;
import java.util.Map;

/**
 * The execution provider as ONNX Runtime sees it. A class of its own, since ONNX Runtime before
 * 1.24 lacks the classes that it names; there, the back end must still load, to say so.
 */
final class Provider {

  private static OrtEpDevice device;

  private Provider() {}

  /** Adds the provider to a session; the first call registers its library. */
  static void add(OrtSession.SessionOptions options, Map<String, String> providerOptions)
      throws OrtException {
    options.addExecutionProvider(List.of(device()), providerOptions);
  }

  private static synchronized OrtEpDevice device() throws OrtException {
    if (device == null) {
      OrtEnvironment environment = OrtEnvironment.getEnvironment();
      environment.registerExecutionProviderLibrary(
          FpgaBackend.PROVIDER, FpgaNative.load().toString());
      device =
          environment.getEpDevices().stream()
              .filter(candidate -> candidate.getEpName().equals(FpgaBackend.PROVIDER))
              .findFirst()
              .orElseThrow(
                  () ->
                      new IllegalStateException(
                          "ONNX Runtime lists no device of the provider "
                              + FpgaBackend.PROVIDER
                              + " although its library was registered"));
    }
    return device;
  }
}
