package dev.subbit.onnx;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HexFormat;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

/** The packed format: its exact bytes, and that packing loses nothing. */
class PackedFormatTest {

  /** The worked example of docs/OPERATORS.md. If these bytes change, the format has changed. */
  @Test
  void bytesAreThoseOfTheDocumentation() {
    int[] indices = {5, 0, 7, 2, 1, 6, 3, 4, 7, 5};
    assertEquals(
        "55 03 6c 01 a5 03", HexFormat.ofDelimiter(" ").formatHex(BitPlanes.encode(indices, 3)));

    Codebook codebook = new Codebook(1, new int[] {0b000_000_111, 0b100_010_001});
    assertArrayEquals(
        new byte[] {1, 1, 1, -1, -1, -1, -1, -1, -1, 1, -1, -1, -1, 1, -1, -1, -1, 1},
        codebook.toTaps());
  }

  @Property(tries = 300, seed = "1")
  void bitPlanesRoundTrip(
      @ForAll @IntRange(min = 1, max = 9) int tau,
      @ForAll @IntRange(max = 70) int count,
      @ForAll long seed) {
    int[] indices = new Random(seed).ints(count, 0, 1 << tau).toArray();
    byte[] planes = BitPlanes.encode(indices, tau);
    assertEquals(tau * ((count + 7) / 8), planes.length);
    assertArrayEquals(indices, BitPlanes.decode(planes, tau, count));
  }

  @Property(tries = 300, seed = "1")
  void unusedBitsAreZeroOnWritingAndIgnoredOnReading(
      @ForAll @IntRange(min = 1, max = 9) int tau,
      @ForAll @IntRange(min = 1, max = 70) int count,
      @ForAll long seed) {
    int[] indices = new Random(seed).ints(count, 0, 1 << tau).toArray();
    byte[] planes = BitPlanes.encode(indices, tau);
    int planeBytes = BitPlanes.planeBytes(count);
    for (int plane = 0; plane < tau; plane++) {
      for (int bit = count; bit < 8 * planeBytes; bit++) {
        int at = plane * planeBytes + bit / 8;
        assertEquals(0, planes[at] >> (bit % 8) & 1);
        planes[at] |= (byte) (1 << bit % 8);
      }
    }
    assertArrayEquals(indices, BitPlanes.decode(planes, tau, count));
  }

  @Property(tries = 100, seed = "1")
  void bitPlanesOfAnotherLengthAreRefused(
      @ForAll @IntRange(min = 1, max = 9) int tau,
      @ForAll @IntRange(max = 70) int count,
      @ForAll @IntRange(max = 99) int length) {
    if (length != tau * BitPlanes.planeBytes(count)) {
      assertThrows(
          IllegalArgumentException.class, () -> BitPlanes.decode(new byte[length], tau, count));
    }
  }

  @Property(tries = 100, seed = "1")
  void codebookRoundTrips(@ForAll("codebooks") Codebook codebook) {
    assertEquals(codebook, Codebook.ofTaps(codebook.tau(), codebook.toTaps()));
  }

  @Property(tries = 100, seed = "1")
  void denseWeightsAreTheirDefinition(@ForAll("weights") PackedConvWeights weights) {
    float[] dense = weights.toDense();
    byte[] taps = weights.codebook().toTaps();
    int[] indices = weights.indices();
    int i = 0;
    for (int o = 0; o < weights.outChannels(); o++) {
      for (int c = 0; c < weights.inChannels(); c++) {
        for (int tap = 0; tap < 9; tap++) {
          int index = indices[o * weights.inChannels() + c];
          assertEquals(weights.scale()[o] * taps[index * 9 + tap], dense[i++]);
        }
      }
    }
    assertEquals(dense.length, i);
  }

  @Property(tries = 100, seed = "1")
  void weightsRoundTrip(@ForAll("weights") PackedConvWeights weights) {
    assertEquals(
        weights,
        PackedConvWeights.pack(
            weights.inChannels(), weights.codebook(), weights.indices(), weights.scale()));
    assertEquals(
        weights,
        new PackedConvWeights(
            weights.outChannels(),
            weights.inChannels(),
            weights.codebook(),
            weights.index(),
            weights.scale()));
  }

  @Test
  void fullCodebookHoldsEveryKernelAtItsOwnIndex() {
    Codebook full = Codebook.full();
    assertEquals(9, full.tau());
    for (int i = 0; i < 512; i++) {
      assertEquals(i, full.codeword(i));
    }
  }

  @Test
  void wrongValuesAreRefusedWithTheirPosition() {
    assertMessage("Index 1 is 4", () -> BitPlanes.encode(new int[] {0, 4}, 2));
    assertMessage("tau is 0", () -> BitPlanes.encode(new int[0], 0));
    assertMessage("tau is 10", () -> BitPlanes.decode(new byte[10], 10, 8));
    assertMessage("Codeword 1 is 512", () -> new Codebook(1, new int[] {0, 512}));
    byte[] taps = new Codebook(1, new int[] {1, 2}).toTaps();
    taps[10] = 0;
    assertMessage("Tap 10 is 0", () -> Codebook.ofTaps(1, taps));
    assertMessage(
        "output channel 0 is NaN",
        () -> PackedConvWeights.pack(1, Codebook.full(), new int[1], new float[] {Float.NaN}));
    assertMessage(
        "2 x 3 kernels",
        () -> PackedConvWeights.pack(3, Codebook.full(), new int[5], new float[] {1, 1}));
  }

  private static void assertMessage(String part, Runnable action) {
    Exception e = assertThrows(IllegalArgumentException.class, action::run);
    assertTrue(e.getMessage().contains(part), e.getMessage());
  }

  @Provide
  static Arbitrary<Codebook> codebooks() {
    return Combinators.combine(Arbitraries.integers().between(1, 9), Arbitraries.longs())
        .as((tau, seed) -> new Codebook(tau, new Random(seed).ints(1 << tau, 0, 512).toArray()));
  }

  @Provide
  static Arbitrary<PackedConvWeights> weights() {
    return Combinators.combine(
            codebooks(),
            Arbitraries.integers().between(1, 6),
            Arbitraries.integers().between(1, 6),
            Arbitraries.longs())
        .as(
            (codebook, out, in, seed) -> {
              Random random = new Random(seed);
              int[] indices = random.ints((long) out * in, 0, codebook.size()).toArray();
              float[] scale = new float[out];
              for (int o = 0; o < out; o++) {
                scale[o] = random.nextFloat() - 0.5f;
              }
              return PackedConvWeights.pack(in, codebook, indices, scale);
            });
  }
}
