package dev.subbit.cli.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.ModelProto;
import dev.subbit.tribuo.quantizer.Int8Twin;
import dev.subbit.tribuo.quantizer.LayerResult;
import dev.subbit.tribuo.quantizer.QuantizationResult;
import dev.subbit.tribuo.quantizer.Rest;
import dev.subbit.tribuo.quantizer.SizePoint;
import dev.subbit.tribuo.quantizer.fit.Codewords;
import dev.subbit.tribuo.quantizer.graph.LeftNode;
import dev.subbit.tribuo.quantizer.timing.LayerTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Element;

class QuantizationPageTest {

  private static final int SMALL_KERNELS = 60;

  /** A page with two sub-bit layers, and with convolutions that stay for two reasons. */
  static String page() {
    List<LeftNode> left = new ArrayList<>();
    left.add(new LeftNode("stem", "Conv", "7x7 kernels"));
    for (int i = 0; i < SMALL_KERNELS; i++) {
      left.add(new LeftNode("expand/" + i, "Conv", "1x1 kernels"));
    }
    QuantizationResult result =
        new QuantizationResult(
            ModelProto.getDefaultInstance(),
            List.of(layer("stage1/conv", 12), layer("<script>alert(1)</script>", 4)),
            Map.of(),
            left,
            List.of(),
            List.of(),
            new Int8Twin(250_000, List.of()),
            20,
            true,
            20,
            List.of(
                new SizePoint(Codewords.INT8, Rest.INT4, 1.2, 125_000, 0.02, 14, true),
                new SizePoint(Codewords.SIGNS, Rest.INT8, 0.56, 180_000, 0.3, 6, false),
                new SizePoint(null, Rest.INT8, 0, 250_000, 0.001, 30, true)));
    Map<String, LayerTime> times =
        Map.of(
            "stage1/conv", new LayerTime("stage1/conv", 300, 100, "native"),
            "<script>alert(1)</script>", new LayerTime("<script>", 100, 100, "native"));
    return QuantizationPage.of("photos.onnx", result, times, 1_000_000, 125_000);
  }

  private static LayerResult layer(String name, double signalToNoise) {
    return new LayerResult(
        name,
        64,
        64,
        "3x3",
        576,
        1,
        1,
        List.of(),
        5,
        1,
        0.56,
        0.6,
        147_456,
        2_800,
        signalToNoise,
        10_000,
        false,
        new double[0]);
  }

  @Test
  void beginsWithWhatWasGained() throws Exception {
    PageDocument page = PageDocument.parse(page());
    assertEquals(
        "2 of 63 convolutions became sub-bit. The file has 125 KB in place of 1,000 KB, 8.0x"
            + " smaller. Undecided: the file is smaller (125,000 bytes against 250,000 with int8"
            + " weights), but no output could be compared on these inputs.",
        page.all("//header/p").get(0).getTextContent());
    List<String> facts =
        page.all("//div[@class='facts']//b").stream().map(Element::getTextContent).toList();
    assertEquals(List.of("0.60 bits", "8.0x", "2.0x"), facts.subList(0, 3));
  }

  @Test
  void groupsTheLayersThatStayByReason() throws Exception {
    List<Element> rows = PageDocument.parse(page()).all("//section[h2/@id='left']//tbody/tr");
    assertEquals(2, rows.size());
    assertTrue(rows.get(0).getTextContent().startsWith("Conv: 1x1 kernels60"), "most first");
    assertTrue(rows.get(1).getTextContent().startsWith("Conv: 7x7 kernels1"));
  }

  @Test
  void showsNamesAsTextOnly() throws Exception {
    PageDocument page = PageDocument.parse(page());
    assertTrue(page.all("//script").isEmpty());
    assertTrue(
        page.all("//section[h2/@id='layers']//tbody").get(0).getTextContent().contains("alert(1)"));
  }

  @Test
  void namesEveryColumn() throws Exception {
    PageDocument.parse(page()).assertTablesAreNamed();
  }

  @Test
  void theFilesThatWereTriedAreDrawn() throws Exception {
    String page = page();
    assertTrue(page.contains("Size against agreement"), page);
    assertTrue(page.contains("INT8 codewords at 1.20 bits, rest INT4"), page);
    assertTrue(page.contains("180 KB, 70.0 % equal decisions, 6.0 dB"), page);
    // The smallest file is on the left, the best decisions at the top.
    SizeChart.Drawing drawing =
        new SizeChart(
                List.of(
                    new SizePoint(Codewords.INT8, Rest.INT4, 1.2, 100, 0.5, 14, true),
                    new SizePoint(null, Rest.INT8, 0, 300, 0, 30, true)))
            .draw();
    assertTrue(
        Double.parseDouble(drawing.points().get(0).x())
            < Double.parseDouble(drawing.points().get(1).x()));
    assertTrue(
        Double.parseDouble(drawing.points().get(0).y())
            > Double.parseDouble(drawing.points().get(1).y()));
    assertEquals(List.of(0, 2), drawing.points().stream().map(SizeChart.Point::series).toList());
  }
}
