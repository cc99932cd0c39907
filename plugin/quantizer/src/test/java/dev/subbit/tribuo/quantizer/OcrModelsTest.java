package dev.subbit.tribuo.quantizer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnx.proto.OnnxMl.ModelProto;
import dev.subbit.onnx.graph.OnnxFile;
import dev.subbit.tribuo.quantizer.fit.FitSettings;
import dev.subbit.tribuo.quantizer.graph.Feed;
import dev.subbit.tribuo.quantizer.graph.GraphSession;
import dev.subbit.tribuo.quantizer.graph.LeftNode;
import dev.subbit.tribuo.quantizer.graph.OperatorSets;
import dev.subbit.tribuo.quantizer.input.Calibration;
import java.awt.image.BufferedImage;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Models that nobody here made: PaddleOCR's, as RapidOCR publishes them in ONNX. */
class OcrModelsTest {

  @TempDir private Path folder;

  private ModelProto model(String name) throws IOException {
    Path file = folder.resolve(name + ".onnx");
    try (InputStream in = OcrModelsTest.class.getResourceAsStream("/models/" + name + ".onnx")) {
      Files.copy(in, file);
    }
    return OperatorSets.upgrade(name, OnnxFile.read(file));
  }

  private static List<String> characters() throws IOException {
    try (BufferedReader in =
        new BufferedReader(
            new InputStreamReader(
                OcrModelsTest.class.getResourceAsStream("/models/ppocr_keys_v1.txt"),
                StandardCharsets.UTF_8))) {
      return in.lines().toList();
    }
  }

  private static BufferedImage page(String name) throws IOException {
    try (InputStream in = OcrModelsTest.class.getResourceAsStream(name)) {
      return ImageIO.read(in);
    }
  }

  private static QuantizationResult quantize(ModelProto model, List<Feed> feeds, int stages) {
    QuantizationSettings settings =
        new QuantizationSettings(new FitSettings(5, stages, stages, 1), List.of());
    return new OnnxQuantizer(settings)
        .quantize(model, Calibration.of(feeds), (done, all, what) -> {});
  }

  private static List<Feed> lines(ModelProto finder, BufferedImage page) {
    List<Feed> lines = new ArrayList<>();
    try (GraphSession session = new GraphSession(finder)) {
      for (PageReader.Box box : PageReader.lines(session, page)) {
        lines.add(PageReader.lineFeed(page, box));
      }
    }
    return lines;
  }

  @Test
  void theTextReadFromAPageIsTheSameWithThreeStages() throws IOException {
    ModelProto finder = model("ch_PP-OCRv4_det_infer");
    ModelProto reader = model("ch_PP-OCRv4_rec_infer");
    BufferedImage page = page("page.png");
    List<String> text = PageReader.read(finder, reader, characters(), page);
    assertEquals("A weight that costs less than a bit", text.get(1));
    assertEquals(8, text.size(), text::toString);

    // Calibrated on another page, with other words in other fonts.
    BufferedImage other = page("calibration-page.png");
    QuantizationResult subBitFinder = quantize(finder, List.of(PageReader.pageFeed(other)), 3);
    QuantizationResult subBitReader = quantize(reader, lines(finder, other), 3);
    assertEquals(
        text, PageReader.read(subBitFinder.model(), subBitReader.model(), characters(), page));
    assertTrue(subBitFinder.model().getSerializedSize() < finder.getSerializedSize() - 300_000);
  }

  @ParameterizedTest
  @CsvSource({
    "ch_PP-OCRv3_det_infer, 14, 60",
    "ch_PP-OCRv3_rec_infer, 9, 27",
    "ch_ppocr_mobile_v2.0_cls_infer, 3, 50"
  })
  void theOthersGoThroughToo(String name, int converted, int left) throws IOException {
    ModelProto model = model(name);
    BufferedImage page = page("calibration-page.png");
    Feed feed =
        name.contains("det")
            ? PageReader.pageFeed(page.getSubimage(0, 0, 320, 128))
            : PageReader.lineFeed(page, new PageReader.Box(30, 24, 350, 64));
    QuantizationResult result = quantize(model, List.of(feed), 1);
    assertEquals(converted, result.layers().size());
    assertEquals(left, result.left().size());
    for (LeftNode node : result.left()) {
      assertFalse(node.reason().isEmpty());
      assertTrue(!node.reason().contains("3x3, not") && !node.name().isEmpty(), node::toString);
    }
    assertTrue(Double.isFinite(result.outputs().get(0).getSignalToNoise()));
  }
}
