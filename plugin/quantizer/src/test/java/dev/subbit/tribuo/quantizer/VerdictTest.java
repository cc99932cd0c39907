package dev.subbit.tribuo.quantizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.ModelProto;
import dev.subbit.tribuo.quantizer.graph.FloatArray;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** When a sub-bit file is worth it, beside the same model with int8 weights. */
class VerdictTest {

  private static final long INT8_BYTES = 1000;

  /** An output with errors of a size, its values about 1. */
  private static OutputAgreement output(double error) {
    SplittableRandom rng = new SplittableRandom(3);
    float[] wanted = new float[4000];
    float[] given = new float[4000];
    for (int i = 0; i < wanted.length; i++) {
      wanted[i] = (float) rng.nextGaussian();
      given[i] = wanted[i] + (float) (error * rng.nextGaussian());
    }
    OutputAgreement agreement = new OutputAgreement("y", false, Metric.LARGEST);
    long[] shape = {20, 2, 10, 10};
    agreement.add(new FloatArray(shape, wanted), new FloatArray(shape, given), 20);
    return agreement;
  }

  /** Decisions of 100 rows, of which some are other ones. */
  private static OutputAgreement decisions(String name, int wrong) {
    float[] wanted = new float[200];
    float[] given = new float[200];
    for (int i = 0; i < 100; i++) {
      wanted[2 * i + i % 2] = 1;
      given[2 * i + (i < wrong ? 1 - i % 2 : i % 2)] = 1;
    }
    OutputAgreement agreement = new OutputAgreement(name, false, Metric.LARGEST);
    long[] shape = {100, 2};
    agreement.add(new FloatArray(shape, wanted), new FloatArray(shape, given), 100);
    return agreement;
  }

  private static Verdict of(List<LayerResult> layers, List<OutputAgreement> outputs, long bytes) {
    return of(layers, outputs, outputs.isEmpty() ? List.of() : List.of(output(0.001)), bytes);
  }

  private static Verdict of(
      List<LayerResult> layers,
      List<OutputAgreement> outputs,
      List<OutputAgreement> ofInt8,
      long bytes) {
    return Verdict.of(
        new QuantizationResult(
            ModelProto.getDefaultInstance(),
            layers,
            Map.of(),
            List.of(),
            outputs,
            List.of(),
            new Int8Twin(INT8_BYTES, ofInt8),
            20,
            true,
            0,
            List.of()),
        bytes);
  }

  private static List<LayerResult> oneLayer() {
    return List.of(
        new LayerResult(
            "conv",
            8,
            8,
            "3x3",
            72,
            1,
            0,
            List.of(),
            5,
            1,
            0.6,
            0.9,
            9,
            1,
            9,
            99,
            false,
            new double[0]));
  }

  private static Verdict of(List<OutputAgreement> outputs, long bytes) {
    return of(oneLayer(), outputs, bytes);
  }

  @Test
  void aMuchSmallerFileThatIsCloseIsWorthIt() {
    Verdict verdict = of(List.of(output(0.01)), 400);
    assertTrue(verdict.worthIt(), verdict.sentence());
    assertEquals(
        "Worth it: the file is 60 % smaller for a small loss (400 bytes against 1,000 with int8"
            + " weights; 39.9 +- 0.3 dB against 59.9 +- 0.3 dB).",
        verdict.sentence());
  }

  @Test
  void aSmallerFileThatIsFarIsWorthItForItsSizeOnly() {
    Verdict verdict = of(List.of(output(1)), 400);
    assertFalse(verdict.worthIt());
    assertTrue(verdict.sentence().startsWith("Worth it only if size"), verdict.sentence());
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.01, 1})
  void aFileThatLosesAndIsHardlySmallerIsNotWorthItHoweverClose(double error) {
    Verdict verdict = of(List.of(output(error)), 940);
    assertFalse(verdict.worthIt());
    assertTrue(
        verdict
            .sentence()
            .startsWith(
                "Not worth it: int8 weights are the better choice, since they are closer and the"
                    + " file is only 6 % smaller (940 bytes against 1,000"),
        verdict.sentence());
  }

  @Test
  void aFileThatIsALittleSmallerAndNoFurtherIsWorthIt() {
    Verdict verdict = of(oneLayer(), List.of(decisions("y", 3)), List.of(decisions("y", 3)), 940);
    assertTrue(verdict.worthIt());
    assertEquals(
        "Worth it: the file is 6 % smaller, and int8 weights are no closer (940 bytes against"
            + " 1,000 with int8 weights; 97.0 % equal decisions against 97.0 % equal decisions).",
        verdict.sentence());
    assertFalse(
        of(oneLayer(), List.of(decisions("y", 3)), List.of(decisions("y", 2)), 940).worthIt());
  }

  /** Equal decisions of one output say nothing of how far another one is off. */
  @Test
  void everyOutputCountsByItsOwnMeasure() {
    List<OutputAgreement> ofInt8 = List.of(decisions("class", 1), output(0.001));
    Verdict far = of(oneLayer(), List.of(decisions("class", 1), output(1)), ofInt8, 400);
    assertFalse(far.worthIt(), far.sentence());
    assertTrue(
        far.sentence()
            .endsWith(
                "99.0 % equal decisions, -0.1 +- 0.3 dB against 99.0 % equal decisions, 59.9 +- 0.3 dB)."),
        far.sentence());
    assertTrue(of(oneLayer(), List.of(decisions("class", 2), output(0.01)), ofInt8, 400).worthIt());
    assertFalse(
        of(oneLayer(), List.of(decisions("class", 3), output(0.01)), ofInt8, 400).worthIt());
  }

  @Test
  void aFileThatIsNoSmallerIsNotWorthItHoweverClose() {
    Verdict verdict = of(List.of(output(0.01)), INT8_BYTES);
    assertFalse(verdict.worthIt());
    assertTrue(verdict.sentence().startsWith("Not worth it: int8"), verdict.sentence());
  }

  @Test
  void nothingIsSaidAboutOutputsThatWereNotCompared() {
    assertEquals(
        "Undecided: the file is smaller (400 bytes against 1,000 with int8 weights), but no output"
            + " could be compared on these inputs.",
        of(List.of(), 400).sentence());
    assertEquals(
        "Not worth it: int8 weights make the file no larger (2,000 bytes against 1,000 with int8"
            + " weights), and no output could be compared on these inputs.",
        of(List.of(), 2000).sentence());
  }

  @Test
  void whereNothingIsConvertedInt8IsTheBetterChoice() {
    Verdict verdict = of(List.of(), List.of(), 400);
    assertFalse(verdict.worthIt());
    assertTrue(verdict.sentence().contains("no convolution"), verdict.sentence());
  }
}
