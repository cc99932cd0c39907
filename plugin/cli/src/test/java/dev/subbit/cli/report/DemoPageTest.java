package dev.subbit.cli.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.subbit.cli.report.DemoResult.Epoch;
import dev.subbit.cli.report.DemoResult.Model;
import dev.subbit.cli.report.DemoResult.Run;
import dev.subbit.tribuo.TestModels;
import dev.subbit.tribuo.TestModels.Mode;
import dev.subbit.tribuo.evaluation.BackendRun.Cycles;
import dev.subbit.tribuo.network.ImageShape;
import dev.subbit.tribuo.network.TrainedNetwork;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class DemoPageTest {

  private static final TrainedNetwork NETWORK =
      TestModels.network(Mode.SUB_BIT_BINARY, "resnet8", new ImageShape(1, 8, 8));

  /** A page about two models, of which one ran on a device. */
  static String page() {
    Run bodies = new Run("onnxruntime", "(a) function bodies", 0.85, 1_000, 2_000, true, null);
    Run kernels = new Run("native", "(b) native kernels", 0.85, 8_000, 1_990, false, null);
    Run device =
        new Run(
            "fpga", "(c) emulated FPGA", 0.85, 500, 2_000, true, new Cycles("modelled", 100, 250));
    Run better = new Run("onnxruntime", "(a) function bodies", 0.875, 2_000, 2_000, true, null);
    List<Epoch> epochs = List.of(new Epoch(1, 1.5, 0.6, 700), new Epoch(2, 1, 0.8, 700));
    DemoResult result =
        new DemoResult(
            new DemoResult.Data("Fashion-MNIST", "/a/folder", 12_000, 2_000),
            DemoResult.Host.current(),
            List.of(new DemoResult.Phase("Train", 100)),
            List.of(
                new Model(
                    "real",
                    "real activations",
                    5,
                    0.56,
                    0.6,
                    80_000,
                    1_120_000,
                    160_000,
                    epochs,
                    List.of(better)),
                new Model(
                    "binary",
                    "binary activations",
                    5,
                    0.56,
                    0.6,
                    100_000,
                    1_100_000,
                    160_000,
                    epochs,
                    List.of(bodies, kernels, device))));
    SampleImage sample =
        new SampleImage(2, 2, new int[4], "Shirt", Map.of("binary", "Coat", "real", "Shirt"));
    Map<String, TrainedNetwork> networks = new LinkedHashMap<>();
    networks.put("Binary activations", NETWORK);
    networks.put("Real activations", NETWORK);
    return DemoPage.render(result, networks, List.of(sample, sample));
  }

  @Test
  void theVerdictComesFirst() throws Exception {
    PageDocument page = PageDocument.parse(page());
    assertEquals(
        "0.56 bits per weight: the files are 11.0 to 14.0x smaller than with floats, and 85.0 to"
            + " 87.5 % of the test images are recognised. Back ends say the same about 1,990 of"
            + " 2,000 images or more.",
        page.texts("//header/p[@class='lead']").get(0));
    assertEquals(
        List.of("0.56 bits", "80 KB", "8.0x", "87.5 %", "2.5 points", "2.5x"),
        page.texts("//div[@class='facts']//b"));
  }

  @Test
  void everyModelNamesItsRowsOnce() throws Exception {
    PageDocument page = PageDocument.parse(page());
    page.assertTablesAreNamed();
    assertEquals(
        List.of("real", "binary"), page.texts("//section[@id='backends']//th[@scope='rowgroup']"));
    assertEquals(
        List.of("85.0 %", "500", "2,000/2,000", "all", "100", "250 (2.5x)"),
        page.texts("//section[@id='backends']//tr[th='(c) emulated FPGA']/td").stream()
            .map(String::strip)
            .toList());
  }

  @Test
  void rightAndWrongAreToldApartWithoutColour() throws Exception {
    String sample = PageDocument.parse(page()).texts("//div[@class='samples']/div").get(0);
    assertTrue(sample.contains("\u2717 binary: Coat"), sample);
    assertTrue(sample.contains("\u2713 real"), sample);
  }

  @Test
  void everyLinkLeadsToASection() throws Exception {
    PageDocument page = PageDocument.parse(page());
    assertEquals(
        page.all("//section[@id]").stream().map(s -> "#" + s.getAttribute("id")).toList(),
        page.all("//nav/a").stream().map(a -> a.getAttribute("href")).toList());
  }
}
