package dev.subbit.onnx.graph;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.FunctionProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.SparseTensorProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor.JavaType;
import com.google.protobuf.Message;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * All tensors of a model, wherever the format has room for one: initializers, sparse ones too,
 * attributes of nodes and lists of them, graphs inside nodes, and functions. The format's own
 * description is followed, so that no place is forgotten.
 */
public final class ModelTensors {

  private ModelTensors() {}

  /** What becomes of a tensor. */
  @FunctionalInterface
  interface Change {
    /**
     * Changes a tensor.
     *
     * @param tensor the tensor.
     * @param place where it is.
     * @return what replaces it; the tensor itself to keep it.
     * @throws IOException if it must not be in a model.
     */
    TensorProto apply(TensorProto tensor, Place place) throws IOException;
  }

  /** A message and the messages that it is in, the innermost first. */
  record Place(Message message, Place outer) {

    /** The place in words, such as {@code tensor 'w' of attribute 'value' of node 'c'}. */
    @Override
    public String toString() {
      StringBuilder words = new StringBuilder();
      for (Place place = this; place != null; place = place.outer) {
        String word = word(place.message);
        words.append(words.isEmpty() || word.isEmpty() ? "" : " of ").append(word);
      }
      return words.toString();
    }

    private static String word(Message message) {
      if (message instanceof TensorProto tensor) {
        return tensor.getName().isEmpty() ? "the tensor" : "tensor '" + tensor.getName() + "'";
      }
      if (message instanceof SparseTensorProto) {
        return "a sparse tensor";
      }
      if (message instanceof AttributeProto attribute) {
        return "attribute '" + attribute.getName() + "'";
      }
      if (message instanceof NodeProto node) {
        boolean nameless = node.getName().isEmpty() && node.getOutputCount() > 0;
        return "node '" + (nameless ? node.getOutput(0) : node.getName()) + "'";
      }
      return message instanceof FunctionProto function
          ? "function '" + function.getName() + "'"
          : "";
    }
  }

  /**
   * Finds a tensor that keeps its data in another file.
   *
   * @param model the model.
   * @return the place of the first one in words, and its file; empty if the model is
   *     self-contained.
   */
  public static Optional<String> firstOutside(ModelProto model) {
    try {
      map(
          model,
          (tensor, place) -> {
            if (ExternalData.isOutside(tensor)) {
              throw new IOException(
                  place + " keeps its data in '" + ExternalData.location(tensor) + "'");
            }
            return tensor;
          });
      return Optional.empty();
    } catch (IOException found) {
      return Optional.of(found.getMessage());
    }
  }

  /**
   * Changes tensors.
   *
   * @param model the model.
   * @param change what to do with each.
   * @return the changed model; the same object if nothing changed.
   */
  static ModelProto map(ModelProto model, Change change) throws IOException {
    return (ModelProto) map(model, null, change);
  }

  private static Message map(Message message, Place outer, Change change) throws IOException {
    Place place = new Place(message, outer);
    if (message instanceof TensorProto tensor) {
      return change.apply(tensor, place);
    }
    Message.Builder changed = null;
    for (Map.Entry<FieldDescriptor, Object> entry : message.getAllFields().entrySet()) {
      FieldDescriptor field = entry.getKey();
      if (field.getJavaType() != JavaType.MESSAGE) {
        continue;
      }
      List<?> values = field.isRepeated() ? (List<?>) entry.getValue() : List.of(entry.getValue());
      for (int i = 0; i < values.size(); i++) {
        Message now = map((Message) values.get(i), place, change);
        if (now == values.get(i)) {
          continue;
        }
        changed = changed == null ? message.toBuilder() : changed;
        if (field.isRepeated()) {
          changed.setRepeatedField(field, i, now);
        } else {
          changed.setField(field, now);
        }
      }
    }
    return changed == null ? message : changed.build();
  }
}
