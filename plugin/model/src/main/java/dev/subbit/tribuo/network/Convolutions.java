package dev.subbit.tribuo.network;

import com.oracle.labs.mlrg.olcut.config.Config;
import com.oracle.labs.mlrg.olcut.config.ConfigurableName;
import com.oracle.labs.mlrg.olcut.config.PropertyException;
import com.oracle.labs.mlrg.olcut.provenance.ConfiguredObjectProvenance;
import com.oracle.labs.mlrg.olcut.provenance.impl.ConfiguredObjectProvenanceImpl;

/**
 * Plain convolutions, one behind the other, with batch normalisation and, at the end, a max pooling
 * if there is one. A convolution keeps float weights and reads real values if it reads the image,
 * if its kernel is not 3x3, or if {@code keepFloat} is set; the others have the network's kind of
 * weights and activations.
 *
 * <p>With real activations the order is convolution, batch norm, ReLU, pooling. With binary ones it
 * is convolution, pooling, batch norm and then the next convolution's sign, as since XNOR-Net
 * (Rastegari et al., 2016): the maximum of signs would nearly always be +1. There are no ReLUs
 * then, so a convolution that keeps float weights adds no non-linearity of its own; it has its
 * pooling behind the batch norm.
 *
 * <p>The nodes are {@code conv<n>}, {@code bn<n>}, {@code relu<n>} and {@code pool<n>}, where n
 * counts the plain convolutions of the network from 0.
 */
public final class Convolutions implements NetworkPart {

  @ConfigurableName private String name = "Convolutions";

  @Config(mandatory = true, description = "Output channels of each.")
  private int width;

  @Config(description = "Number of convolutions.")
  private int count = 1;

  @Config(description = "Rows and columns of the kernels: 1, 3 or 7. Only 3 gives sub-bit weights.")
  private int kernel = 3;

  @Config(description = "Stride of the first of them: 1, or 2 to halve rows and columns.")
  private int stride = 1;

  @Config(
      description =
          "Window of a max pooling of stride 2 behind the last: 2 or 3; 0 for no pooling.")
  private int pool = 0;

  @Config(description = "Whether the convolutions keep float weights and read real values.")
  private boolean keepFloat = false;

  /** For OLCUT, which fills in the configured fields. */
  private Convolutions() {}

  /**
   * Makes convolutions in code.
   *
   * @param width output channels.
   * @param count number of convolutions.
   * @param kernel 1, 3 or 7.
   * @param stride 1 or 2, of the first.
   * @param pool 2 or 3; 0 for no pooling.
   * @param keepFloat whether they keep float weights and read real values.
   * @throws PropertyException if a value is not allowed.
   */
  public Convolutions(int width, int count, int kernel, int stride, int pool, boolean keepFloat) {
    this.width = width;
    this.count = count;
    this.kernel = kernel;
    this.stride = stride;
    this.pool = pool;
    this.keepFloat = keepFloat;
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
    check.kernel(kernel);
    check.stride(stride);
    check.pool(pool);
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public void addTo(NetworkBuilder network) {
    for (int i = 0; i < count; i++) {
      int number = network.nextConvolution();
      boolean inFloat = network.readsImage() || kernel != Layer.Conv.SUB_BIT_KERNEL || keepFloat;
      boolean pools = pool > 0 && i == count - 1;
      boolean poolsFirst = network.hasBinaryActivations() && !inFloat;
      if (inFloat) {
        network.floatConv("conv" + number, width, kernel, i == 0 ? stride : 1);
      } else {
        network.conv3x3("conv" + number, width, i == 0 ? stride : 1);
      }
      if (pools && poolsFirst) {
        network.maxPool("pool" + number, pool);
      }
      network.batchNorm("bn" + number);
      if (!network.hasBinaryActivations()) {
        network.add("relu" + number, new Layer.Relu());
      }
      if (pools && !poolsFirst) {
        network.maxPool("pool" + number, pool);
      }
    }
  }

  @Override
  public ConfiguredObjectProvenance getProvenance() {
    return new ConfiguredObjectProvenanceImpl(this, "NetworkPart");
  }
}
