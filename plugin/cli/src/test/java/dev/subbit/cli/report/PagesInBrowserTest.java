package dev.subbit.cli.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.subbit.onnx.Codebook;
import dev.subbit.tribuo.TestModels;
import dev.subbit.tribuo.TestModels.Mode;
import dev.subbit.tribuo.evaluation.ConfusionMatrix;
import dev.subbit.tribuo.network.ImageShape;
import dev.subbit.tribuo.network.TrainedNetwork;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * Opens the reports in a browser, as narrow as a telephone and as wide as a desk: nothing sticks
 * out, nothing is loaded, and axe-core finds nothing serious. {@code target/pages} keeps pictures.
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

  /** Where somebody may look at the pages as a browser shows them. */
  private static final Path PICTURES = Path.of("target", "pages");

  @TempDir static Path folder;

  private static Browser browser;

  @BeforeAll
  static void startBrowser() throws Exception {
    Files.createDirectories(PICTURES);
    browser = Browser.start(folder);
  }

  @AfterAll
  static void stopBrowser() {
    if (browser != null) {
      browser.close();
    }
  }

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
        "training",
        TrainingPage.render(
            new TrainingReport(
                NETWORK,
                new TrainingReport.Images("x".repeat(200), 1000, 200, "y".repeat(200)),
                List.of(
                    new TrainingReport.Epoch("float weights", 1.25, 0.5, 0.55, 0.01, 800),
                    new TrainingReport.Epoch("sub-bit weights", 0.5, 0.8, 0.79, 0.001, 640)),
                2,
                2,
                kernels,
                new ConfusionMatrix(classes, counts),
                Map.of("imagesPath", "/a/path/".repeat(30)),
                77,
                DemoResult.Host.current())));
  }

  @Test
  void theReportOfTheDemo() throws Exception {
    assertGood("demo", DemoPageTest.page());
  }

  @Test
  void theReportOfAQuantization() throws Exception {
    assertGood("quantization", QuantizationPageTest.page());
  }

  private static KernelDistribution kernels(long seed) {
    Random random = new Random(seed);
    float[] weights = new float[500 * Codebook.TAPS];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = random.nextFloat() - 0.5f;
    }
    return KernelDistribution.ofSigns(weights);
  }

  private static void assertGood(String name, String page) throws Exception {
    Path file = Files.writeString(folder.resolve(name + ".html"), page);
    for (int width : WIDTHS) {
      // The checker's own value is a function, which cannot be sent back.
      JsonNode found = browser.evaluate(file, width, Browser.axe() + "; true", PROBE);
      assertEquals(0, found.get("wide").asInt(), "pixels that stick out at " + width);
      assertTrue(found.get("requests").isEmpty(), "at " + width + ": " + found);
      assertTrue(found.get("serious").isEmpty(), "at " + width + ": " + found);
      Path picture = PICTURES.resolve(name + "-" + width + ".png");
      Files.write(picture, browser.picture(file, width));
    }
  }
}
