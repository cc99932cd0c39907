package dev.subbit.cli.bench;

/** The models without Subbit that are measured beside it. */
enum Peer {
  /** ONNX Runtime's float operators. */
  ORT_FP32("ort fp32", "ort_fp32", "times_fp32"),

  /** ONNX Runtime's 8-bit operators. */
  ORT_INT8("ort int8", "ort_int8", "times_int8"),

  /** OpenVINO in float. */
  OPENVINO_FP32("openvino fp32", "openvino_fp32", "times_openvino_fp32"),

  /** OpenVINO in 8 bits. */
  OPENVINO_INT8("openvino int8", "openvino_int8", "times_openvino_int8");

  private final String label;
  private final String field;
  private final String ratioField;

  Peer(String label, String field, String ratioField) {
    this.label = label;
    this.field = field;
    this.ratioField = ratioField;
  }

  /** The name in tables. */
  String label() {
    return label;
  }

  /** The name of its time in JSON, without the unit. */
  String field() {
    return field;
  }

  /** The name in JSON of how many times as fast as it something is. */
  String ratioField() {
    return ratioField;
  }

  /** Whether it runs in OpenVINO. */
  boolean isOpenVino() {
    return this == OPENVINO_FP32 || this == OPENVINO_INT8;
  }
}
