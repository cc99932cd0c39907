package dev.subbit.tribuo.network;

/**
 * VGG-small, the plain network on which binary networks are compared on CIFAR-10: six 3x3
 * convolutions of 128, 128, 256, 256, 512 and 512 channels, a 2x2 max pooling after every second
 * one, and one fully connected layer on all remaining values of the maps. The first convolution
 * keeps float weights.
 *
 * <p>With real activations the order is conv, batch norm, ReLU, pool. With binary ones it is conv,
 * pool, batch norm and then the next convolution's sign, as since XNOR-Net (Rastegari et al.,
 * 2016): the maximum of signs would nearly always be +1. There the classifier reads the last batch
 * norm; the hard tanh that some authors put between changes nothing in front of a sign.
 */
final class VggSmall implements Architecture {

  private static final int[] CHANNELS = {128, 128, 256, 256, 512, 512};

  @Override
  public void addTo(NetworkBuilder network, ImageShape images, int classes) {
    String x = network.image();
    int in = images.channels();
    int height = images.height();
    int width = images.width();
    for (int i = 0; i < CHANNELS.length; i++) {
      int out = CHANNELS[i];
      String conv = "conv" + i;
      x = i == 0 ? network.floatConv(conv, x, in, out, 3, 1) : network.conv3x3(conv, x, in, out, 1);
      boolean pools = i % 2 == 1;
      if (pools && network.hasBinaryActivations()) {
        x = network.add("pool" + i, new Layer.MaxPool(2), x);
      }
      x = network.add("bn" + i, new Layer.BatchNorm(out), x);
      if (!network.hasBinaryActivations()) {
        x = network.add("relu" + i, new Layer.Relu(), x);
        x = pools ? network.add("pool" + i, new Layer.MaxPool(2), x) : x;
      }
      height = pools ? (height + 1) / 2 : height;
      width = pools ? (width + 1) / 2 : width;
      in = out;
    }
    x = network.add("flatten", new Layer.Flatten(), x);
    network.add("classifier", new Layer.Dense(in * height * width, classes), x);
  }
}
