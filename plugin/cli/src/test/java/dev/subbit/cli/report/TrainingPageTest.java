package dev.subbit.cli.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.subbit.cli.report.TrainingReport.Epoch;
import dev.subbit.cli.report.TrainingReport.LayerKernels;
import dev.subbit.onnx.Codebook;
import dev.subbit.onnx.PackedConvWeights;
import dev.subbit.tribuo.TestModels;
import dev.subbit.tribuo.TestModels.Mode;
import dev.subbit.tribuo.evaluation.ConfusionMatrix;
import dev.subbit.tribuo.network.ImageShape;
import dev.subbit.tribuo.network.Layer;
import dev.subbit.tribuo.network.Network;
import dev.subbit.tribuo.network.NetworkSize;
import dev.subbit.tribuo.network.Networks;
import dev.subbit.tribuo.network.RandomNetworks;
import dev.subbit.tribuo.network.TrainedNetwork;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.w3c.dom.Element;

class TrainingPageTest {

  private static final ImageShape SHAPE = new ImageShape(1, 8, 8);
  private static final double NONE = Double.NaN;

  private static final TrainedNetwork SUB_BIT =
      TestModels.network(Mode.SUB_BIT_BINARY, "resnet8", SHAPE);

  private static final ConfusionMatrix MATRIX =
      new ConfusionMatrix(
          List.of("cat", "dog", "cow", "hen"),
          new long[][] {{90, 10, 0, 0}, {25, 75, 0, 0}, {0, 0, 100, 0}, {1, 2, 3, 94}});

  private static final List<Epoch> EPOCHS =
      List.of(
          new Epoch("float weights", 1.25, 0.5, 0.55, 0.01, 800),
          new Epoch("float weights", 0.75, 0.7, 0.65, 0.005, 820),
          new Epoch("sub-bit weights", 0.5, 0.8, 0.79, 0.001, 640));

  @Test
  void isOneWellFormedFileThatAsksTheNetworkForNothing() throws Exception {
    String page = page(SUB_BIT, EPOCHS, kernels(SUB_BIT), MATRIX);
    assertTrue(page.startsWith("<!DOCTYPE html>"));
    assertFalse(page.matches("(?s).*(src|href)=\"(?!#).*"), "a reference out of the page");
    assertFalse(page.contains("url(") || page.contains("@import") || page.contains("<script"));
    List<Element> links = PageDocument.parse(page).all("//nav/a");
    List<Element> sections = PageDocument.parse(page).all("//section[@id]");
    assertEquals(6, links.size());
    for (int i = 0; i < links.size(); i++) {
      assertEquals("#" + sections.get(i).getAttribute("id"), links.get(i).getAttribute("href"));
    }
  }

  @Test
  void theHeadHoldsWhatWasTrainedAndWhatItCosts() throws Exception {
    PageDocument page = document(SUB_BIT, EPOCHS, kernels(SUB_BIT), MATRIX);
    assertEquals(
        List.of("resnet8, 0.56 bit per weight, binary activations"), page.texts("//header/h1"));
    NetworkSize size = NetworkSize.of(SUB_BIT);
    assertEquals(
        List.of(
            Figures.percent(359 / 400.0),
            "0.56 bit",
            Figures.times(floatBits(SUB_BIT), size.bits()),
            Figures.times(size.denseBitOps(), size.bitOps()),
            "75.0 %",
            "77 s"),
        page.texts("//div[@class='facts']/div/b"));
    assertTrue(page.texts("//header").get(0).contains("1,000 images"));
    assertTrue(page.texts("//header").get(0).contains("validated on 200 others"));
    assertTrue(page.texts("//header").get(0).contains("tested on 400"));
    assertEquals(List.of("tau", "seed"), page.texts("//dl[@class='recipe']//dt"));
    assertEquals(List.of("5", "<12>"), page.texts("//dl[@class='recipe']//dd"));
  }

  @Test
  void theCostsAreThoseOfNetworkSize() throws Exception {
    PageDocument page = document(SUB_BIT, EPOCHS, List.of(), MATRIX);
    NetworkSize size = NetworkSize.of(SUB_BIT);
    NetworkSize oneBit = NetworkSize.of(SUB_BIT.network(), 9);
    assertEquals(
        List.of(
            Figures.bytesOf(size.subBitWeightBits()),
            Figures.bytesOf(size.codebookBits()),
            Figures.bytesOf(size.bits() - size.subBitWeightBits() - size.codebookBits()),
            Figures.bytesOf(size.bits()),
            Figures.operations(size.bitOps()),
            Figures.operations(size.floatMacs())),
        page.texts("//section[@id='cost']//table[1]/tbody/tr[1]/td").subList(0, 6).stream()
            .map(String::strip)
            .toList());
    assertEquals(
        Figures.operations(oneBit.bitOps()),
        page.texts("//section[@id='cost']//tr[th='with 1 bit per weight']/td[5]").get(0));
    assertEquals(
        Figures.bytesOf(floatBits(SUB_BIT)),
        page.texts("//section[@id='cost']//tr[th='in 32-bit floats']/td[4]").get(0).strip());
    assertEquals(
        SUB_BIT.packed().size(),
        page.all("//section[@id='cost']//h3/following-sibling::div//tbody/tr").size());
  }

  @Test
  void everyEpochIsAPointAndEveryStageAMark() throws Exception {
    PageDocument page = document(SUB_BIT, EPOCHS, List.of(), MATRIX);
    List<Element> charts = page.all("//section[@id='curves']//svg[@role='img']");
    assertEquals(4, charts.size());
    assertEquals(
        List.of(
            "training, epoch 1: loss 1.2500",
            "training, epoch 2: loss 0.7500",
            "training, epoch 3: loss 0.5000"),
        PageDocument.texts(charts.get(0), ".//circle/title"));
    assertEquals(
        List.of(
            "validation, epoch 1: % right 55.00",
            "validation, epoch 2: % right 65.00", "validation, epoch 3: % right 79.00"),
        PageDocument.texts(charts.get(1), ".//g[@class='series1']/circle/title"));
    for (Element chart : charts) {
      List<Double> x =
          PageDocument.all(chart, ".//g[@class='series0']/circle").stream()
              .map(circle -> Double.valueOf(circle.getAttribute("cx")))
              .toList();
      List<Element> marks = PageDocument.all(chart, ".//line[@class='mark']");
      assertEquals(1, marks.size());
      double mark = Double.parseDouble(marks.get(0).getAttribute("x1"));
      assertTrue(x.get(1) < mark && mark < x.get(2), x + " and a mark at " + mark);
      assertTrue(PageDocument.texts(chart, ".//text").contains("sub-bit weights"));
    }
  }

  @Test
  void heightsFollowTheValues() throws Exception {
    PageDocument page = document(SUB_BIT, EPOCHS, List.of(), MATRIX);
    List<Double> y =
        page.all("(//section[@id='curves']//svg[@role='img'])[1]//circle").stream()
            .map(circle -> Double.valueOf(circle.getAttribute("cy")))
            .toList();
    // 1.25, 0.75, 0.5: the first fall is twice the second.
    assertEquals((y.get(1) - y.get(0)), 2 * (y.get(2) - y.get(1)), 0.3);
    assertTrue(y.get(0) < y.get(1) && y.get(1) < y.get(2), y.toString());
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 5, 8})
  void everyCodewordIsDrawnWithItsUses(int tau) throws Exception {
    TrainedNetwork trained = subBit(tau);
    PageDocument page = document(trained, EPOCHS, List.of(), MATRIX);
    List<Element> layers = page.all("//section[@id='codebooks']//div[@class='layer']");
    assertEquals(trained.packed().size(), layers.size());
    for (Element layer : layers) {
      PackedConvWeights weights = trained.packed().get(PageDocument.texts(layer, ".//code").get(0));
      int[] uses = new int[1 << tau];
      Arrays.stream(weights.indices()).forEach(index -> uses[index]++);
      Map<Integer, Integer> drawn = new TreeMap<>();
      List<Integer> order = new ArrayList<>();
      for (Element tile : PageDocument.all(layer, ".//g")) {
        String[] words = tile.getFirstChild().getTextContent().split("[ ,:]+");
        int index = Integer.parseInt(words[1]);
        assertEquals(weights.codebook().codeword(index), Integer.decode(words[3]));
        drawn.put(index, Integer.valueOf(words[4]));
        order.add(Integer.valueOf(words[4]));
        assertEquals(uses[index] == 0 ? "unused" : "used", tile.getAttribute("class"));
        String path = ((Element) tile.getLastChild()).getAttribute("d");
        assertEquals(
            Integer.bitCount(weights.codebook().codeword(index)),
            path.chars().filter(c -> c == 'z').count(),
            "dark taps");
      }
      assertEquals(1 << tau, drawn.size());
      drawn.forEach((index, count) -> assertEquals(uses[index], count));
      List<Integer> sorted = new ArrayList<>(order);
      sorted.sort(Collections.reverseOrder());
      assertEquals(sorted, order);
    }
  }

  @Test
  void ofAPlainBinaryNetworkTheMostUsedKernelsAreDrawn() throws Exception {
    TrainedNetwork plain = subBit(9);
    PageDocument page = document(plain, EPOCHS, kernels(plain), MATRIX);
    assertEquals(
        List.of("resnet8, 1 bit per weight, binary activations"), page.texts("//header/h1"));
    for (Element layer : page.all("//section[@id='codebooks']//div[@class='layer']")) {
      assertEquals(64, PageDocument.all(layer, ".//g").size());
    }
    assertEquals(0, page.all("//*[@class='member']").size(), "there is no codebook to mark");
    assertEquals(0, page.all("//tr[th='with 1 bit per weight']").size(), "it would be this one");
  }

  @Test
  void theKernelTableHoldsTheDistributions() throws Exception {
    List<LayerKernels> kernels = kernels(SUB_BIT);
    PageDocument page = document(SUB_BIT, EPOCHS, kernels, MATRIX);
    KernelDistribution before = KernelDistribution.ofSigns(new float[0]);
    KernelDistribution after = before;
    for (LayerKernels layer : kernels) {
      before = before.plus(layer.before());
      after = after.plus(layer.after());
      Codebook codebook = layer.codebook();
      assertEquals(
          List.of(
              Figures.format("%,d", layer.after().total()),
              "" + layer.before().distinct(),
              "" + layer.after().distinct(),
              Figures.percent(layer.before().coverage(32)),
              Figures.percent(layer.after().coverage(32)),
              Figures.format("%.2f", layer.before().entropy()),
              Figures.format("%.2f", layer.after().entropy()),
              Figures.percent(layer.before().coverage(codebook)),
              Figures.percent(layer.after().coverage(codebook))),
          page.texts("//section[@id='kernels']//tr[th='" + layer.layer() + "']/td"));
    }
    String finding = page.texts("//p[@class='finding']").get(0);
    assertTrue(finding.contains(Figures.percent(before.coverage(32)) + " before"), finding);
    assertTrue(finding.contains(Figures.percent(after.coverage(32)) + " after"), finding);
  }

  @Test
  void barsAndStripsHoldEveryKernel() throws Exception {
    List<LayerKernels> kernels = kernels(SUB_BIT);
    PageDocument page = document(SUB_BIT, EPOCHS, kernels, MATRIX);
    for (LayerKernels layer : kernels) {
      Codebook codebook = layer.codebook();
      Element chart = page.all("//h4[starts-with(., '" + layer.layer() + "')]/..//svg").get(0);
      double most = Integer.parseInt(PageDocument.texts(chart, ".//text").get(0).replace(",", ""));
      double member = area(chart, "member") * most / 130;
      double other = area(chart, "other") * most / 130;
      assertEquals(layer.after().total(), member + other, 0.01 * layer.after().total());
      assertEquals(
          layer.after().coverage(codebook), member / (member + other), 0.01, "in the codebook");

      Element strip =
          page.all("//div[@class='row'][code='" + layer.layer() + "']/*[@class='strip']").get(0);
      assertEquals(layer.after().distinct(), cells(strip, "path[starts-with(@class, 'shade')]"));
      assertEquals(codebook.size(), cells(strip, "path[@class='member']"));
    }
  }

  @Test
  void theConfusionMatrixHoldsTheCounts() throws Exception {
    PageDocument page = document(SUB_BIT, EPOCHS, List.of(), MATRIX);
    assertEquals(
        MATRIX.classes(), page.texts("//table[@class='confusion']/thead//th[@class='upright']"));
    for (int truth = 0; truth < 4; truth++) {
      List<String> row = page.texts("//table[@class='confusion']/tbody/tr[" + (truth + 1) + "]/td");
      for (int predicted = 0; predicted < 4; predicted++) {
        long count = MATRIX.counts()[truth][predicted];
        assertEquals(count == 0 ? "" : "" + count, row.get(predicted));
      }
    }
    assertEquals(
        List.of("dog", "cat", "hen", "cow"),
        page.texts("//div[@class='pair']/div[1]//tbody//th"),
        "hardest first");
    assertEquals(
        List.of("100", "75.0 %", "86.2 %", "80.2 %"),
        page.texts("//div[@class='pair']/div[1]//tbody/tr[1]/td"));
    assertEquals(
        List.of("dog", "cat", "25", "25.0 %"),
        page.texts("//div[@class='pair']/div[2]//tbody/tr[1]/*"));
    assertEquals(5, page.all("//div[@class='pair']/div[2]//tbody/tr").size());
  }

  @Test
  void manyClassesBecomeAPicture() throws Exception {
    int classes = 120;
    long[][] counts = new long[classes][classes];
    List<String> names = new ArrayList<>();
    for (int i = 0; i < classes; i++) {
      names.add("class " + i);
      counts[i][i] = 3;
      counts[i][(i + 1) % classes] = 1;
    }
    PageDocument page = document(SUB_BIT, EPOCHS, List.of(), new ConfusionMatrix(names, counts));
    assertEquals(0, page.all("//table[@class='confusion']").size());
    Element picture = page.all("//*[@class='confusion']").get(0);
    assertEquals(classes, cells(picture, "path[starts-with(@class, 'hit')]"));
    assertEquals(classes, cells(picture, "path[starts-with(@class, 'miss')]"));
    assertEquals(24, page.all("//div[@class='pair']/div[1]//tbody/tr").size());
    assertEquals(10, page.all("//div[@class='pair']/div[2]//tbody/tr").size());
  }

  @Test
  void hostileNamesStayText() throws Exception {
    String hostile = "</th><script>alert('x')</script>&amp;\"\u0000\u0007]]>%d %s";
    ConfusionMatrix matrix =
        new ConfusionMatrix(List.of(hostile, "b"), new long[][] {{1, 2}, {3, 4}});
    TrainingReport report =
        new TrainingReport(
            SUB_BIT,
            new TrainingReport.Images(hostile, 1, 0, hostile),
            List.of(new Epoch("a", 1, 1, 1, 1, 1), new Epoch(hostile, 1, 1, 1, 1, 1)),
            2,
            2,
            List.of(),
            matrix,
            Map.of(hostile, hostile),
            1,
            new DemoResult.Host(hostile, 1, hostile));
    String html = TrainingPage.render(report);
    assertFalse(html.contains("<script"));
    PageDocument page = PageDocument.parse(html);
    assertEquals(
        hostile.replace('\u0000', '\ufffd').replace('\u0007', '\ufffd'),
        page.texts("//table[@class='confusion']/tbody//th").get(0));
  }

  @Test
  void withoutTestImagesTheLastEpochCounts() throws Exception {
    PageDocument validated = document(SUB_BIT, EPOCHS, List.of(), null);
    assertEquals("79.0 %", validated.texts("//div[@class='facts']//b").get(0));
    assertEquals(0, validated.all("//section[@id='test']").size());
    PageDocument bare =
        document(SUB_BIT, List.of(new Epoch("", 0.5, 0.75, NONE, 0.1, 9)), List.of(), null);
    assertEquals("75.0 %", bare.texts("//div[@class='facts']//b").get(0));
    assertEquals(0, bare.all("//section[@id='curves']//*[@class='series1']").size());
    assertEquals(1, bare.all("(//section[@id='curves']//svg[@role='img'])[1]//circle").size());
    assertFalse(bare.texts("//svg").toString().contains("NaN"));
  }

  @Test
  void aTrainingUnderWaySaysSoAndIsLoadedAgain() throws Exception {
    TrainingReport over = report(SUB_BIT, EPOCHS, List.of(), null);
    assertFalse(TrainingPage.render(over).contains("http-equiv"));
    PageDocument page =
        PageDocument.parse(
            TrainingPage.render(
                new TrainingReport(
                    over.network(),
                    over.images(),
                    over.epochs(),
                    8,
                    3,
                    over.kernels(),
                    null,
                    over.recipe(),
                    over.seconds(),
                    over.host())));
    assertEquals("30", page.all("//meta[@http-equiv='refresh']").get(0).getAttribute("content"));
    assertTrue(page.texts("//header/p").get(0).startsWith("Under way: epoch 3 of 8 is over. It"));
    assertEquals(1, page.all("//ul[@class='next']/li").size());
  }

  @Test
  void aModelOfAnEarlierEpochIsNamed() throws Exception {
    TrainingReport last = report(SUB_BIT, EPOCHS, List.of(), null);
    assertFalse(TrainingPage.render(last).contains("network of epoch"));
    TrainingReport earlier =
        new TrainingReport(
            last.network(),
            last.images(),
            last.epochs(),
            3,
            2,
            last.kernels(),
            last.test(),
            last.recipe(),
            last.seconds(),
            last.host());
    PageDocument page = PageDocument.parse(TrainingPage.render(earlier));
    assertTrue(page.texts("//section[@id='curves']/p").get(0).contains("network of epoch 2"));
    assertEquals("65.0 %", page.texts("//div[@class='facts']//b").get(0));
    for (int none : new int[] {0, 4}) {
      assertThrows(
          IllegalArgumentException.class,
          () ->
              new TrainingReport(
                  last.network(),
                  last.images(),
                  last.epochs(),
                  3,
                  none,
                  last.kernels(),
                  last.test(),
                  last.recipe(),
                  last.seconds(),
                  last.host()));
    }
  }

  @Test
  void aFloatNetworkHasNoCodebooks() throws Exception {
    TrainedNetwork trained = TestModels.network(Mode.FLOAT, "resnet8", SHAPE);
    PageDocument page = document(trained, EPOCHS, List.of(), MATRIX);
    assertEquals(List.of("resnet8, float weights"), page.texts("//header/h1"));
    assertEquals(
        List.of("curves", "test", "cost", "recipe"),
        page.all("//section[@id]").stream().map(section -> section.getAttribute("id")).toList());
    assertEquals(
        Figures.bytesOf(NetworkSize.of(trained).bits()),
        page.texts("//div[@class='facts']//b").get(1));
    assertEquals(
        "It recognises 89.8 % of 400 test images, and takes "
            + Figures.bytesOf(NetworkSize.of(trained).bits())
            + ".",
        page.texts("//header/p[@class='lead']").get(0));
  }

  @Test
  void theVerdictComesFirst() throws Exception {
    PageDocument page = document(SUB_BIT, EPOCHS, kernels(SUB_BIT), MATRIX);
    NetworkSize size = NetworkSize.of(SUB_BIT);
    assertEquals(
        Figures.format(
            "It recognises 89.8 %% of 400 test images, and takes %s where 32-bit floats take %s.",
            Figures.bytesOf(size.bits()), Figures.bytesOf(floatBits(SUB_BIT))),
        page.texts("//header/p[@class='lead']").get(0));
  }

  @Test
  void theNextStepsFollowFromTheFigures() throws Exception {
    String steps = steps(EPOCHS, MATRIX);
    assertTrue(steps.contains("The last epoch was the best one"), steps);
    assertTrue(steps.contains("25 of 100 images of \"dog\" are taken for \"cat\""), steps);
    assertTrue(steps.contains("makes the activations integers"), steps);

    String untested = steps(List.of(new Epoch("", 0.1, 0.99, 0.8, 0.1, 9)), null);
    assertTrue(untested.contains("Name test images"), untested);
    assertTrue(untested.contains("99.0 % of the training images and 80.0 % of the validation"));
    assertFalse(untested.contains("The last epoch"), untested);
    assertFalse(untested.contains("mistake"), untested);
  }

  private static String steps(List<Epoch> epochs, ConfusionMatrix matrix) throws Exception {
    return String.join(
        "\n", document(SUB_BIT, epochs, List.of(), matrix).texts("//ul[@class='next']/li"));
  }

  @ParameterizedTest
  @ValueSource(ints = {5, 9})
  void everyColumnAndRowHasAName(int tau) throws Exception {
    TrainedNetwork trained = subBit(tau);
    document(trained, EPOCHS, kernels(trained), MATRIX).assertTablesAreNamed();
    document(TestModels.network(Mode.FLOAT, "resnet8", SHAPE), EPOCHS, List.of(), MATRIX)
        .assertTablesAreNamed();
  }

  @Test
  void anUnfinishedValidationLeavesAGap() throws Exception {
    List<Epoch> epochs =
        List.of(
            new Epoch("", 1, 0.5, 0.5, 1, 1),
            new Epoch("", 1, 0.6, NONE, 1, 1),
            new Epoch("", 1, 0.7, 0.7, 1, 1));
    PageDocument page = document(SUB_BIT, epochs, List.of(), MATRIX);
    assertEquals(2, page.all("//g[@class='series1']/polyline").size());
    assertEquals(2, page.all("//g[@class='series1']/circle").size());
  }

  private static PageDocument document(
      TrainedNetwork trained,
      List<Epoch> epochs,
      List<LayerKernels> kernels,
      ConfusionMatrix matrix)
      throws Exception {
    return PageDocument.parse(page(trained, epochs, kernels, matrix));
  }

  private static String page(
      TrainedNetwork trained,
      List<Epoch> epochs,
      List<LayerKernels> kernels,
      ConfusionMatrix matrix) {
    return TrainingPage.render(report(trained, epochs, kernels, matrix));
  }

  private static TrainingReport report(
      TrainedNetwork trained,
      List<Epoch> epochs,
      List<LayerKernels> kernels,
      ConfusionMatrix matrix) {
    Map<String, String> recipe = new LinkedHashMap<>();
    recipe.put("tau", "5");
    recipe.put("seed", "<12>");
    return new TrainingReport(
        trained,
        new TrainingReport.Images("train.gz", 1000, 200, "test.gz"),
        epochs,
        epochs.size(),
        epochs.size(),
        kernels,
        matrix,
        recipe,
        77,
        new DemoResult.Host("Linux", 2, "17"));
  }

  private static TrainedNetwork subBit(int tau) {
    Network network =
        Networks.build("resnet8", SHAPE, 4, Layer.Weights.SUB_BIT, Layer.Activations.BINARY);
    return RandomNetworks.weigh(network, tau, 11);
  }

  // Evenly spread kernels before, and after half of them on the layer's codewords.
  private static List<LayerKernels> kernels(TrainedNetwork trained) {
    Random random = new Random(2);
    List<LayerKernels> layers = new ArrayList<>();
    trained
        .packed()
        .forEach(
            (layer, weights) -> {
              float[] before = new float[weights.toDense().length];
              for (int i = 0; i < before.length; i++) {
                before[i] = (float) random.nextGaussian();
              }
              float[] after = before.clone();
              System.arraycopy(weights.toDense(), 0, after, 0, after.length / 18 * 9);
              layers.add(
                  new LayerKernels(
                      layer,
                      KernelDistribution.ofSigns(before),
                      KernelDistribution.ofSigns(after),
                      weights.codebook()));
            });
    return layers;
  }

  private static long floatBits(TrainedNetwork trained) {
    Network network =
        Networks.build("resnet8", SHAPE, 4, Layer.Weights.FLOAT, Layer.Activations.BINARY);
    assertEquals(trained.network().nodes().size(), network.nodes().size());
    return NetworkSize.of(network, 9).bits();
  }

  // The area of the bars of a kind: "M<x> <base>V<top>h<width>V<base>z" each.
  private static double area(Element chart, String kind) {
    double area = 0;
    for (Element path : PageDocument.all(chart, ".//path[@class='" + kind + "']")) {
      for (String bar : path.getAttribute("d").split("z")) {
        String[] numbers = bar.substring(1).split("[ Vh]");
        area +=
            (Double.parseDouble(numbers[1]) - Double.parseDouble(numbers[2]))
                * Double.parseDouble(numbers[3]);
      }
    }
    return area;
  }

  private static long cells(Element picture, String paths) {
    return PageDocument.all(picture, paths).stream()
        .mapToLong(path -> path.getAttribute("d").chars().filter(c -> c == 'z').count())
        .sum();
  }
}
