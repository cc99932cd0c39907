/**
 * The model that a training or quantization yields: {@link dev.subbit.tribuo.SubBitModel}
 * classifies images by a sub-bit network. It is an ordinary Tribuo model, stored by Tribuo's own
 * calls, that predicts through ONNX Runtime on a back end chosen at run time.
 *
 * <p>Begin with {@code Model.deserializeFromFile} and {@link
 * dev.subbit.tribuo.SubBitModel#withBackend}. Models are safe for use by many threads.
 */
package dev.subbit.tribuo;
