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

  private static Verdict of(List<LayerResult> layers, List<OutputAgreement> outputs, long bytes) {
    return Verdict.of(
        new QuantizationResult(
            ModelProto.getDefaultInstance(),
            layers,
            Map.of(),
            List.of(),
            outputs,
            List.of(),
            new Int8Twin(INT8_BYTES, outputs.isEmpty() ? List.of() : List.of(output(0.001))),
            20,
            true,
            0,
            List.of()),
        bytes);
  }

  private static Verdict of(List<OutputAgreement> outputs, long bytes) {
    LayerResult layer =
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
            new double[0]);
    return of(List.of(layer), outputs, bytes);
  }

  @Test
  void aSmallerFileThatIsCloseIsWorthIt() {
    Verdict verdict = of(List.of(output(0.01)), 400);
    assertTrue(verdict.worthIt(), verdict.sentence());
    assertTrue(
        verdict.sentence().contains("400 bytes against 1,000 with int8 weights"),
        verdict.sentence());
  }

  @Test
  void aSmallerFileThatIsFarIsWorthItForItsSizeOnly() {
    Verdict verdict = of(List.of(output(1)), 400);
    assertFalse(verdict.worthIt());
    assertTrue(verdict.sentence().startsWith("Worth it only if size"), verdict.sentence());
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
