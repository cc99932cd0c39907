package dev.subbit.tribuo.quantizer.graph;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One set of inputs of a model.
 *
 * @param tensors the tensors by name of the input.
 * @param samples number of samples in them.
 */
public record Feed(Map<String, Tensor> tensors, long samples) {

  // Copies the map, so that the feed stays as it was made.
  public Feed {
    tensors = Collections.unmodifiableMap(new LinkedHashMap<>(tensors));
  }

  /**
   * Makes a feed whose first tensor counts the samples along its first axis.
   *
   * @param tensors the tensors by name of the input.
   */
  public Feed(Map<String, Tensor> tensors) {
    this(
        tensors,
        tensors.values().stream()
            .filter(tensor -> tensor.shape().length > 0)
            .mapToLong(tensor -> tensor.shape()[0])
            .findFirst()
            .orElse(1));
  }

  /**
   * A tensor of any type.
   *
   * @param type type of its elements.
   * @param shape its shape.
   * @param data its elements in row-major order and the byte order of the machine.
   */
  public record Tensor(OnnxJavaType type, long[] shape, ByteBuffer data) {

    /**
     * Copies a float tensor.
     *
     * @param array the tensor.
     * @return the copy, in memory outside of the heap.
     */
    public static Tensor of(FloatArray array) {
      ByteBuffer data =
          ByteBuffer.allocateDirect(array.values().length * Float.BYTES)
              .order(ByteOrder.nativeOrder());
      data.asFloatBuffer().put(array.values());
      return new Tensor(OnnxJavaType.FLOAT, array.shape(), data);
    }

    /**
     * The numbers as floats.
     *
     * @return a copy; empty if they are neither floats nor bytes without sign nor whole numbers of
     *     64 bits.
     */
    public Optional<float[]> floats() {
      ByteBuffer all = data.duplicate().order(data.order()).rewind();
      float[] floats = new float[type.size == 0 ? 0 : all.remaining() / type.size];
      switch (type) {
        case FLOAT -> all.asFloatBuffer().get(floats);
        case UINT8 -> {
          for (int i = 0; i < floats.length; i++) {
            floats[i] = all.get(i) & 0xff;
          }
        }
        case INT64 -> {
          for (int i = 0; i < floats.length; i++) {
            floats[i] = all.getLong(i * Long.BYTES);
          }
        }
        default -> {
          return Optional.empty();
        }
      }
      return Optional.of(floats);
    }

    /**
     * Takes consecutive places of the first axis.
     *
     * @param first the first of them.
     * @param count number of places.
     * @return a view of them.
     */
    public Tensor rows(int first, int count) {
      ByteBuffer all = data.duplicate().rewind();
      int each = all.remaining() / (int) shape[0];
      long[] taken = shape.clone();
      taken[0] = count;
      return new Tensor(
          type, taken, all.slice(first * each, count * each).order(ByteOrder.nativeOrder()));
    }

    /**
     * Joins tensors along their first axis.
     *
     * @param parts tensors of one type that differ in their first axis only, at least one.
     * @return a copy of them.
     */
    public static Tensor together(List<Tensor> parts) {
      long[] shape = parts.get(0).shape().clone();
      shape[0] = parts.stream().mapToLong(part -> part.shape()[0]).sum();
      int bytes = parts.stream().mapToInt(part -> part.data().capacity()).sum();
      ByteBuffer all = ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
      parts.forEach(part -> all.put(part.data().duplicate().rewind()));
      return new Tensor(parts.get(0).type(), shape, all.rewind());
    }

    /**
     * Makes the tensor for ONNX Runtime.
     *
     * @param environment the environment.
     * @return the tensor; the caller closes it.
     * @throws OrtException if ONNX Runtime refuses it.
     */
    public OnnxTensor toOnnx(OrtEnvironment environment) throws OrtException {
      return OnnxTensor.createTensor(
          environment, data.duplicate().order(data.order()), shape, type);
    }
  }
}
