package dev.subbit.tribuo.quantizer.graph;

/**
 * A float tensor.
 *
 * @param shape its shape.
 * @param values its values in row-major order; not copied.
 */
public record FloatArray(long[] shape, float[] values) {}
