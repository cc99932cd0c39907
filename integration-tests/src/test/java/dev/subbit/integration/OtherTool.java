package dev.subbit.integration;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;

/** A tool that reads ONNX files and knows nothing of Subbit. */
enum OtherTool {
  PYTHON("ONNX Runtime for Python", "onnxruntime", false),
  NODE("ONNX Runtime for Node.js", "onnxruntime-node", true),
  WEB("ONNX Runtime Web", "onnxruntime-web", true),
  OPENVINO("OpenVINO", "openvino", false),
  REFERENCE("`ReferenceEvaluator` of onnx", "onnx", false),
  ONNXSLIM("onnxslim, then ONNX Runtime", "onnxslim", false),
  ONNXSIM("onnxsim, then ONNX Runtime", "onnxsim", false);

  /** Words in a tool's message, and what the documents say in their place. */
  private static final Map<String, String> REASONS =
      Map.of(
          "unsupported operations",
          "knows no functions",
          "No implementation for operator 'DequantizeLinear' domain '' and version 18",
          "lacks `DequantizeLinear` of set 18");

  private final String title;
  private final String packageName;
  private final boolean javaScript;

  OtherTool(String title, String packageName, boolean javaScript) {
    this.title = title;
    this.packageName = packageName;
    this.javaScript = javaScript;
  }

  /** What documents call it. */
  String title() {
    return title;
  }

  /** Runs all cases of a folder, as the script {@code run.py} says; returns the tool's version. */
  String run(Path folder) throws IOException, InterruptedException {
    ForeignRuntime runtime = javaScript ? ForeignRuntime.node() : ForeignRuntime.python();
    String[] lines = runtime.run(folder, "all", packageName, folder).split("\n");
    return lines[lines.length - 1];
  }

  /** The file in which a run left the output of a case. */
  Path output(Path folder, String name) {
    return folder.resolve(name + "." + packageName + ".output");
  }

  /** The file in which a run left the message of a case that the tool refused. */
  Path error(Path folder, String name) {
    return folder.resolve(name + "." + packageName + ".error");
  }

  /** Why a tool refuses a model, in few words, or its own message if that is a new one. */
  static String reason(String message) {
    return REASONS.entrySet().stream()
        .filter(known -> message.contains(known.getKey()))
        .map(Map.Entry::getValue)
        .findAny()
        .orElse(message);
  }
}
