package dev.subbit.tribuo.quantizer;

import ai.onnx.proto.OnnxMl.ModelProto;
import dev.subbit.tribuo.quantizer.graph.Int4Weights;
import dev.subbit.tribuo.quantizer.graph.Int8Weights;

/** How the weights are stored that do not become sub-bit. */
public enum Rest {
  /** As they are. */
  FLOAT,
  /**
   * In 8 bits with one scale for each output channel, brought back to floats when the model is
   * loaded.
   */
  INT8,
  /**
   * In 4 bits with a float16 scale for each group of 32, brought back to floats when the model is
   * loaded.
   */
  INT4;

  /** The model with its float weights stored so. */
  ModelProto store(ModelProto model) {
    return switch (this) {
      case FLOAT -> model;
      case INT8 -> Int8Weights.store(model);
      // What 4 bits cannot hold, 8 bits may.
      case INT4 -> Int8Weights.store(Int4Weights.store(model));
    };
  }
}
