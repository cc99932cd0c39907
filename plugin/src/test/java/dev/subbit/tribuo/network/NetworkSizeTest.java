package dev.subbit.tribuo.network;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.subbit.tribuo.network.Layer.Activations;
import dev.subbit.tribuo.network.Layer.Weights;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NetworkSizeTest {

  /** The 3x3 convolutions of ResNet-18 behind its stem, at ImageNet's size, one after another. */
  private static Network resnet18Convolutions() {
    List<Network.Node> nodes = new ArrayList<>();
    nodes.add(new Network.Node("image", new Layer.Input(), List.of()));
    String last = "image";
    int in = 64;
    for (int out : new int[] {64, 128, 256, 512}) {
      for (int i = 0; i < 4; i++) {
        Layer conv =
            new Layer.Conv(in, out, 3, in == out ? 1 : 2, Weights.SUB_BIT, Activations.BINARY);
        nodes.add(new Network.Node("conv" + out + "." + i, conv, List.of(last)));
        last = "conv" + out + "." + i;
        in = out;
      }
    }
    nodes.add(new Network.Node("pool", new Layer.GlobalAveragePool(), List.of(last)));
    nodes.add(new Network.Node("classifier", new Layer.Dense(512, 1000), List.of("pool")));
    return new Network("resnet18", new ImageShape(64, 56, 56), 1000, nodes);
  }

  /**
   * Table 1 of the paper: parameters in Mbit, bit operations in G. Its last digit is rounded now
   * up, now down, so that it is allowed to be one off.
   */
  @ParameterizedTest
  @CsvSource({"9, 10.99, 1.677", "6, 7.324, 0.883", "5, 6.103, 0.501", "4, 4.882, 0.297"})
  void countsResNet18AsThePaperDoes(int tau, double megabits, double gigaOps) {
    NetworkSize size = NetworkSize.of(resnet18Convolutions(), tau);
    assertEquals(megabits, size.subBitWeightBits() / 1e6, 0.01);
    assertEquals(gigaOps, size.bitOps() / 1e9, 0.001);
    assertEquals(1_676_279_808L, size.denseBitOps());
    assertEquals(tau / 9.0, size.bitsPerWeight(), 1e-12);
  }

  @ParameterizedTest
  @CsvSource({"6, 7.333", "5, 6.108", "4, 4.885"})
  void countsCodebooksAsThePaperDoes(int tau, double megabits) {
    NetworkSize size = NetworkSize.of(resnet18Convolutions(), tau);
    assertEquals(megabits, (size.subBitWeightBits() + size.codebookBits()) / 1e6, 0.001);
  }

  @Test
  void countsResNet20ByHand() {
    Network network =
        Networks.build(
            "resnet20", new ImageShape(1, 28, 28), 10, Weights.SUB_BIT, Activations.REAL);
    NetworkSize size = NetworkSize.of(network, 5);
    // Stage 1: six 16 -> 16; stage 2: 16 -> 32 and five 32 -> 32; stage 3: 32 -> 64, five 64 -> 64.
    long kernels = 6 * 256 + (512 + 5 * 1024) + (2048 + 5 * 4096);
    assertEquals(kernels * 9, size.subBitWeights());
    assertEquals(kernels * 5, size.subBitWeightBits());
    assertEquals(18 * 9 * 32, size.codebookBits());
    // 2^5 = 32 codewords: no look-up pays up to 32 outputs; at 64 outputs 32 responses and 32 adds.
    long stage1 = 28 * 28 * 6 * 16L * 9 * 16;
    long stage2 = 14 * 14 * (16L + 5 * 32) * 9 * 32;
    long stage3 = 7 * 7 * (32L + 5 * 64) * (9 * 32 + 32);
    assertEquals(stage1 + stage2 + stage3, size.bitOps());
    assertEquals(stage1 + stage2 + 7 * 7 * (32L + 5 * 64) * 9 * 64, size.denseBitOps());
    // Stem, two 1x1 shortcuts, classifier.
    assertEquals(
        28 * 28 * 9 * 16 + 14 * 14 * 16 * 32 + 7 * 7 * 32 * 64 + 64 * 10, size.floatMacs());
    long floatWeights = 9 * 16 + 16 * 32 + 32 * 64 + 64 * 10;
    // Four parameters a channel of 21 batch norms, the classifier's biases, the convolutions'
    // scales.
    long norms = 4 * (7 * 16 + 7 * 32 + 7 * 64);
    long scales = 6 * 16 + 6 * 32 + 6 * 64;
    assertEquals(
        kernels * 5 + 18 * 9 * 32 + 32 * (floatWeights + norms + 10 + scales), size.bits());
  }

  @Test
  void readsTauFromTheWeights() {
    Network network =
        Networks.build("resnet8", new ImageShape(1, 8, 8), 3, Weights.SUB_BIT, Activations.REAL);
    TrainedNetwork trained = RandomNetworks.weigh(network, 4, 1);
    assertEquals(NetworkSize.of(network, 4).layers(), NetworkSize.of(trained).layers());
  }

  @Test
  void countsNoBitsOfAFloatNetwork() {
    Network network =
        Networks.build("resnet8", new ImageShape(1, 8, 8), 3, Weights.FLOAT, Activations.REAL);
    NetworkSize size = NetworkSize.of(new TrainedNetwork(network, Map.of(), Map.of(), Map.of()));
    assertEquals(0, size.bitsPerWeight());
    assertEquals(0, size.bitOps());
    assertEquals(0, size.subBitWeightBits());
  }
}
