package dev.subbit.tribuo.network;

import com.oracle.labs.mlrg.olcut.config.Config;
import com.oracle.labs.mlrg.olcut.config.ConfigurableName;
import com.oracle.labs.mlrg.olcut.config.PropertyException;
import com.oracle.labs.mlrg.olcut.provenance.ConfiguredObjectProvenance;
import com.oracle.labs.mlrg.olcut.provenance.impl.ConfiguredObjectProvenanceImpl;

/**
 * How the images enter a residual network: a convolution with float weights, batch normalisation,
 * with real activations a ReLU, and a max pooling if there is one. The first part of its network.
 *
 * <p>Its nodes are {@code stem.conv}, {@code stem.bn}, {@code stem.relu} and {@code stem.pool}.
 */
public final class Stem implements NetworkPart {

  @ConfigurableName private String name = "Stem";

  @Config(mandatory = true, description = "Output channels.")
  private int width;

  @Config(description = "Rows and columns of the convolution's kernel: 1, 3 or 7.")
  private int kernel = 3;

  @Config(description = "Stride of the convolution: 1, or 2 to halve rows and columns.")
  private int stride = 1;

  @Config(description = "Window of a max pooling of stride 2 at the end: 2 or 3; 0 for no pooling.")
  private int pool = 0;

  @Config(
      description =
          "Images of up to this many rows and columns are not halved: they enter by a 3x3"
              + " convolution of stride 1 and no pooling. 0 for no such rule.")
  private int fullSizeUpTo = 0;

  /** For OLCUT, which fills in the configured fields. */
  private Stem() {}

  /**
   * Makes a stem in code.
   *
   * @param width output channels.
   * @param kernel 1, 3 or 7.
   * @param stride 1 or 2.
   * @param pool 2 or 3; 0 for no pooling.
   * @throws PropertyException if a value is not allowed.
   */
  public Stem(int width, int kernel, int stride, int pool) {
    this.width = width;
    this.kernel = kernel;
    this.stride = stride;
    this.pool = pool;
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
    check.kernel(kernel);
    check.stride(stride);
    check.pool(pool);
    check.notNegative("fullSizeUpTo", fullSizeUpTo);
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public void addTo(NetworkBuilder network) {
    ImageShape images = network.images();
    boolean small = Math.max(images.height(), images.width()) <= fullSizeUpTo;
    network.floatConv("stem.conv", width, small ? 3 : kernel, small ? 1 : stride);
    network.batchNorm("stem.bn");
    if (!network.hasBinaryActivations()) {
      network.add("stem.relu", new Layer.Relu());
    }
    if (pool > 0 && !small) {
      network.maxPool("stem.pool", pool);
    }
  }

  @Override
  public ConfiguredObjectProvenance getProvenance() {
    return new ConfiguredObjectProvenanceImpl(this, "NetworkPart");
  }
}
