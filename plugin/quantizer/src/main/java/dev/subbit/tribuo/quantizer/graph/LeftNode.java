package dev.subbit.tribuo.quantizer.graph;

/**
 * A convolution that stays as it is.
 *
 * @param name its name, or that of its output.
 * @param opType its operator.
 * @param reason the reason why it stays.
 */
public record LeftNode(String name, String opType, String reason) {}
