package dev.subbit.tribuo.quantizer.graph;

import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnxruntime.OnnxJavaType;

/** Types of tensor elements, in files and in ONNX Runtime's Java interface. */
public final class ElementType {

  private ElementType() {}

  /**
   * The Java form of a type in a file.
   *
   * @param type number of the type in ONNX files.
   * @return the type; {@code UNKNOWN} if ONNX Runtime has no Java form of it.
   */
  public static OnnxJavaType inJava(int type) {
    DataType known = DataType.forNumber(type);
    return switch (known == null ? DataType.UNDEFINED : known) {
      case FLOAT -> OnnxJavaType.FLOAT;
      case DOUBLE -> OnnxJavaType.DOUBLE;
      case FLOAT16 -> OnnxJavaType.FLOAT16;
      case BFLOAT16 -> OnnxJavaType.BFLOAT16;
      case INT8 -> OnnxJavaType.INT8;
      case INT16 -> OnnxJavaType.INT16;
      case INT32 -> OnnxJavaType.INT32;
      case INT64 -> OnnxJavaType.INT64;
      case UINT8 -> OnnxJavaType.UINT8;
      case BOOL -> OnnxJavaType.BOOL;
      case STRING -> OnnxJavaType.STRING;
      default -> OnnxJavaType.UNKNOWN;
    };
  }

  /** The form of a type in files. */
  static DataType inFiles(OnnxJavaType type) {
    for (DataType each : DataType.values()) {
      if (inJava(each.getNumber()) == type) {
        return each;
      }
    }
    throw new IllegalArgumentException("No tensor has elements of type " + type);
  }
}
