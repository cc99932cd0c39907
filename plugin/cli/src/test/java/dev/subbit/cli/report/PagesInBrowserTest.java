package dev.subbit.cli.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.subbit.cli.report.DemoResult.Run;
import dev.subbit.onnx.Codebook;
import dev.subbit.tribuo.TestModels;
import dev.subbit.tribuo.TestModels.Mode;
import dev.subbit.tribuo.evaluation.ConfusionMatrix;
import dev.subbit.tribuo.network.ImageShape;
import dev.subbit.tribuo.network.TrainedNetwork;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * Opens the reports in a browser, as narrow as a telephone and as wide as a desk: nothing sticks
 * out, nothing is loaded, and axe-core finds nothing serious.
 */
@EnabledOnOs(value = OS.LINUX, architectures = "amd64")
class PagesInBrowserTest {

  private static final int[] WIDTHS = {400, 1280};

  private static final String PROBE =
      "axe.run(document, {resultTypes: ['violations']}).then(found => ({"
          + " wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,"
          + " requests: performance.getEntriesByType('resource').map(r => r.name),"
          + " serious: found.violations.filter(v => ['serious', 'critical'].includes(v.impact))"
          + ".map(v => v.id + ' ' + v.nodes[0].html)}))";

  private static final TrainedNetwork NETWORK =
      TestModels.network(Mode.SUB_BIT_BINARY, "resnet8", new ImageShape(1, 8, 8));

  @TempDir Path folder;

  @Test
  void theReportOfATraining() throws Exception {
    List<TrainingReport.LayerKernels> kernels =
        NETWORK.packed().entrySet().stream()
            .map(
                layer ->
                    new TrainingReport.LayerKernels(
                        layer.getKey(), kernels(1), kernels(2), layer.getValue().codebook()))
            .toList();
    List<String> classes = IntStream.range(0, 20).mapToObj(i -> "a class, number " + i).toList();
    long[][] counts = new long[20][20];
    for (int i = 0; i < 20; i++) {
      counts[i][i] = 10 * i;
      counts[i][(i + 1) % 20] = 5;
    }
    assertGood(
        TrainingPage.render(
            new TrainingReport(
                NETWORK,
                new TrainingReport.Images("x".repeat(200), 1000, 200, "y".repeat(200)),
                List.of(
                    new TrainingReport.Epoch("float weights", 1.25, 0.5, 0.55, 0.01, 800),
                    new TrainingReport.Epoch("sub-bit weights", 0.5, 0.8, 0.79, 0.001, 640)),
                2,
                kernels,
                new ConfusionMatrix(classes, counts),
                Map.of("imagesPath", "/a/path/".repeat(30)),
                77,
                DemoResult.Host.current())));
  }

  @Test
  void theReportOfTheDemo() throws Exception {
    Run run = new Run("native", "(b) native kernels", 0.85, 9260, 1900, false, null);
    DemoResult.Model model =
        new DemoResult.Model(
            "binary",
            "binary activations",
            5,
            0.56,
            0.6,
            98_000,
            1_100_000,
            160_000,
            List.of(new DemoResult.Epoch(1, 1.5, 0.6, 700), new DemoResult.Epoch(2, 1, 0.8, 700)),
            List.of(run, run));
    DemoResult result =
        new DemoResult(
            new DemoResult.Data("Fashion-MNIST", "/a/folder", 12_000, 2_000),
            DemoResult.Host.current(),
            List.of(new DemoResult.Phase("Train", 100)),
            List.of(model));
    SampleImage sample =
        new SampleImage(2, 2, new int[4], "Shirt", Map.of("binary", "Coat", "int8", "Shirt"));
    Map<String, TrainedNetwork> networks = new LinkedHashMap<>();
    networks.put("Binary activations", NETWORK);
    networks.put("Real activations", NETWORK);
    assertGood(DemoPage.render(result, networks, List.of(sample, sample)));
  }

  @Test
  void theReportOfAQuantization() throws Exception {
    assertGood(QuantizationPageTest.page());
  }

  private static KernelDistribution kernels(long seed) {
    Random random = new Random(seed);
    float[] weights = new float[500 * Codebook.TAPS];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = random.nextFloat() - 0.5f;
    }
    return KernelDistribution.ofSigns(weights);
  }

  private void assertGood(String page) throws Exception {
    Path file = Files.writeString(folder.resolve("page.html"), page);
    try (Browser browser = Browser.start(folder)) {
      for (int width : WIDTHS) {
        // The checker's own value is a function, which cannot be sent back.
        JsonNode found = browser.evaluate(file, width, Browser.axe() + "; true", PROBE);
        assertEquals(0, found.get("wide").asInt(), "pixels that stick out at " + width);
        assertTrue(found.get("requests").isEmpty(), "at " + width + ": " + found);
        assertTrue(found.get("serious").isEmpty(), "at " + width + ": " + found);
      }
    }
  }
}
