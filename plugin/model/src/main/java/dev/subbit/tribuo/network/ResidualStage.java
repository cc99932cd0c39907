package dev.subbit.tribuo.network;

import com.oracle.labs.mlrg.olcut.config.Config;
import com.oracle.labs.mlrg.olcut.config.ConfigurableName;
import com.oracle.labs.mlrg.olcut.config.PropertyException;
import com.oracle.labs.mlrg.olcut.provenance.ConfiguredObjectProvenance;
import com.oracle.labs.mlrg.olcut.provenance.impl.ConfiguredObjectProvenanceImpl;

/**
 * Basic blocks of two 3x3 convolutions, as in the residual networks of He et al. ("Deep Residual
 * Learning", 2016).
 *
 * <p>With real activations a block is conv, batch norm, ReLU, conv, batch norm, plus a shortcut,
 * ReLU. With binary ones it is that of Bi-Real net (Liu et al., 2018) and ReActNet (Liu et al.,
 * 2020): each convolution has a shortcut of its own, a learnable threshold before it and a shifted
 * PReLU after it, and a shortcut that has to shrink averages before its 1x1 convolution.
 *
 * <p>The nodes begin with {@code stage<n>.block<m>.}, where n counts the stages of the network from
 * 1 and m the blocks of the stage from 0.
 */
public final class ResidualStage implements NetworkPart {

  @ConfigurableName private String name = "ResidualStage";

  @Config(mandatory = true, description = "Output channels of each block.")
  private int width;

  @Config(description = "Number of blocks.")
  private int count = 1;

  @Config(description = "Stride of the first block: 1, or 2 to halve rows and columns.")
  private int stride = 1;

  /** For OLCUT, which fills in the configured fields. */
  private ResidualStage() {}

  /**
   * Makes a stage in code.
   *
   * @param width output channels of each block.
   * @param count number of blocks.
   * @param stride 1 or 2, of the first block.
   * @throws PropertyException if a value is not allowed.
   */
  public ResidualStage(int width, int count, int stride) {
    this.width = width;
    this.count = count;
    this.stride = stride;
    postConfig();
  }

  /**
   * Used by the OLCUT configuration system, and should not be called by external code.
   *
   * @throws PropertyException if a field's value is not allowed, naming the layer and the field.
   */
  @Override
  public void postConfig() {
    PartCheck check = new PartCheck(name);
    check.width(width);
    check.count(count);
    check.stride(stride);
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public void addTo(NetworkBuilder network) {
    int stage = network.nextStage();
    for (int block = 0; block < count; block++) {
      String prefix = "stage" + stage + ".block" + block + ".";
      int blockStride = block == 0 ? stride : 1;
      if (network.hasBinaryActivations()) {
        addBinaryHalf(network, prefix, 1, blockStride);
        addBinaryHalf(network, prefix, 2, 1);
      } else {
        addRealBlock(network, prefix, blockStride);
      }
    }
  }

  /** conv, bn, relu, conv, bn, + shortcut, relu. */
  private void addRealBlock(NetworkBuilder network, String prefix, int stride) {
    NetworkBuilder.Place input = network.place();
    addConvAndNorm(network, prefix, 1, stride);
    network.add(prefix + "relu1", new Layer.Relu());
    addConvAndNorm(network, prefix, 2, 1);
    addShortcut(network, prefix, input, stride, "add");
    network.add(prefix + "relu2", new Layer.Relu());
  }

  /** threshold, binary conv, bn, + shortcut, shift, prelu, shift. */
  private void addBinaryHalf(NetworkBuilder network, String prefix, int number, int stride) {
    NetworkBuilder.Place input = network.place();
    network.add(prefix + "threshold" + number, new Layer.Shift(input.channels()));
    addConvAndNorm(network, prefix, number, stride);
    addShortcut(network, prefix, input, stride, "add" + number);
    network.add(prefix + "before" + number, new Layer.Shift(width));
    network.add(prefix + "prelu" + number, new Layer.PRelu(width));
    network.add(prefix + "after" + number, new Layer.Shift(width));
  }

  private void addConvAndNorm(NetworkBuilder network, String prefix, int number, int stride) {
    network.conv3x3(prefix + "conv" + number, width, stride);
    network.batchNorm(prefix + "bn" + number);
  }

  /** Adds what a block, or half of one, read, in the shape of what it gives. */
  private void addShortcut(
      NetworkBuilder network, String prefix, NetworkBuilder.Place input, int stride, String add) {
    NetworkBuilder.Place path = network.place();
    network.goOnFrom(input);
    if (stride != 1 || input.channels() != width) {
      boolean averages = stride != 1 && network.hasBinaryActivations();
      if (averages) {
        network.averagePool(prefix + "shortcut.pool");
      }
      network.floatConv(prefix + "shortcut.conv", width, 1, averages ? 1 : stride);
      network.batchNorm(prefix + "shortcut.bn");
    }
    network.addUp(prefix + add, path, network.place());
  }

  @Override
  public ConfiguredObjectProvenance getProvenance() {
    return new ConfiguredObjectProvenanceImpl(this, "NetworkPart");
  }
}
