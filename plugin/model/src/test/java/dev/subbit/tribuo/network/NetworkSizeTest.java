package dev.subbit.tribuo.network;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.subbit.tribuo.network.Layer.Activations;
import dev.subbit.tribuo.network.Layer.Weights;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NetworkSizeTest {

  /** ReActNet ResNet-18 on ImageNet, the network of the paper's table. */
  private static NetworkSize reactNet18(int tau) {
    return NetworkSize.of(
        Networks.build(
            "resnet18", new ImageShape(3, 224, 224), 1000, Weights.SUB_BIT, Activations.BINARY),
        tau);
  }

  private static BigDecimal inUnitsOf(int powerOfTen, long value) {
    return BigDecimal.valueOf(value, powerOfTen);
  }

  /** Parameters in Mbit, without and with codebooks: the printed digits, rounded as usual. */
  @ParameterizedTest
  @CsvSource({"9, 10.99, 10.99", "6, 7.324, 7.333", "5, 6.103, 6.108", "4, 4.882, 4.885"})
  void countsParametersAsThePaperPrintsThem(
      int tau, BigDecimal printed, BigDecimal printedWithCodebooks) {
    NetworkSize size = reactNet18(tau);
    assertEquals(
        printed,
        inUnitsOf(6, size.subBitWeightBits()).setScale(printed.scale(), RoundingMode.HALF_UP));
    assertEquals(
        printedWithCodebooks,
        inUnitsOf(6, size.subBitWeightBits() + size.codebookBits())
            .setScale(printedWithCodebooks.scale(), RoundingMode.HALF_UP));
    assertEquals(tau / 9.0, size.bitsPerWeight(), 1e-12);
  }

  /**
   * Bit operations in G. The formula gives the printed digits of 0.56 and 0.44 bit. The other two
   * rows of the paper are one off in the last digit, and in opposite ways: 1.67628 is printed as
   * 1.677 and 0.88390 as 0.883, so that no one way of rounding gives both. Counting the
   * classifier's 512,000 products too would give 1.677, but then 0.884.
   */
  @ParameterizedTest
  @CsvSource({
    "9, 1676279808, 1.677, UP",
    "6,  883900416, 0.883, DOWN",
    "5,  501358592, 0.501, HALF_UP",
    "4,  297242624, 0.297, HALF_UP"
  })
  void countsBitOperationsByThePapersFormula(
      int tau, long exact, BigDecimal printed, RoundingMode rounding) {
    NetworkSize size = reactNet18(tau);
    assertEquals(exact, size.bitOps());
    assertEquals(printed, inUnitsOf(9, exact).setScale(3, rounding));
    assertEquals(1_676_279_808L, size.denseBitOps());
  }

  @Test
  void countsVggSmallByHand() {
    NetworkSize size =
        NetworkSize.of(
            Networks.build(
                "vgg-small", new ImageShape(3, 32, 32), 10, Weights.SUB_BIT, Activations.BINARY),
            5);
    long kernels = 128 * 128 + 128 * 256 + 256 * 256 + 256 * 512 + 512 * 512;
    assertEquals(9 * kernels, size.subBitWeights());
    assertEquals(5 * kernels + 5 * 9 * 32, size.subBitWeightBits() + size.codebookBits());
    // Every layer has more outputs than there are codewords: 32 responses, and one look-up per
    // output.
    long ops =
        32 * 32 * 128 * (9 * 32 + 64)
            + 16 * 16 * (128 + 256) * (9 * 32 + 128)
            + 8 * 8 * (256 + 512) * (9 * 32 + 256);
    assertEquals(ops, size.bitOps());
    assertEquals(32 * 32 * 9 * 3 * 128 + 4 * 4 * 512 * 10, size.floatMacs());
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
    // Four parameters per channel of 21 batch norms, the classifier's biases, the convolutions'
    // scales.
    long norms = 4 * (7 * 16 + 7 * 32 + 7 * 64);
    long scales = 6 * 16 + 6 * 32 + 6 * 64;
    assertEquals(
        kernels * 5 + 18 * 9 * 32 + 32 * (floatWeights + norms + 10 + scales), size.bits());
  }

  @Test
  void countsANetworkInIntegersByHand() {
    Network network =
        Networks.build("resnet8", new ImageShape(3, 8, 8), 10, Weights.SUB_BIT, Activations.BINARY);
    TrainedNetwork trained = RandomNetworks.weigh(network, 4, 1);
    NetworkSize size = NetworkSize.of(trained.withIntegers(new IntegerForm(16, 6)));
    long weights = 9 * 3 * 16 + 16 * 32 + 32 * 64 + 64 * 10;
    // Factors behind the stem, six sub-bit convolutions and two 1x1 ones; biases behind them.
    long channels = 16 + 2 * (16 + 32 + 64) + (32 + 64);
    // In front of each sub-bit convolution a threshold; behind it two shifts and a slope.
    long thresholds = 16 + 16 + 16 + 32 + 32 + 64;
    long activations = 3 * 2 * (16 + 32 + 64);
    assertEquals(
        size.subBitWeightBits()
            + size.codebookBits()
            + 8 * weights
            + 16 * (2 * channels + thresholds + activations)
            + 64 * 10,
        size.bits());
    assertEquals(NetworkSize.of(trained).bitOps(), size.bitOps());
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
