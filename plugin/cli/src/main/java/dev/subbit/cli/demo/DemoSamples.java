package dev.subbit.cli.demo;

import dev.subbit.cli.report.SampleImage;
import dev.subbit.tribuo.SubBitModel;
import dev.subbit.tribuo.network.ImageShape;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.tribuo.Example;
import org.tribuo.Feature;
import org.tribuo.classification.Label;

/** Test images with the predictions of every model, for people to look at. */
final class DemoSamples {

  private static final int ANY = 14;
  private static final int MISTAKEN = 6;

  private final DemoData data;
  private final List<Example<Label>> examples = new ArrayList<>();
  private final Map<String, String[]> predictions = new LinkedHashMap<>();

  /**
   * Starts without predictions.
   *
   * @param data the images.
   */
  DemoSamples(DemoData data) {
    this.data = data;
    data.test().forEach(examples::add);
  }

  /**
   * Adds the predictions of a model.
   *
   * @param name the model's name.
   * @param model the model.
   * @param classes output column of each test image's class.
   */
  void add(String name, SubBitModel model, int[] classes) {
    String[] labels = new String[classes.length];
    for (int i = 0; i < classes.length; i++) {
      labels[i] = model.getOutputIDInfo().getOutput(classes[i]).getLabel();
    }
    predictions.put(name, labels);
  }

  /**
   * The images to show: the first test images, then the first of the others that some model gets
   * wrong.
   *
   * @return the images.
   */
  List<SampleImage> images() {
    Set<Integer> chosen = new LinkedHashSet<>();
    for (int i = 0; i < Math.min(ANY, examples.size()); i++) {
      chosen.add(i);
    }
    for (int i = 0; i < examples.size() && chosen.size() < ANY + MISTAKEN; i++) {
      if (someModelMistakes(i)) {
        chosen.add(i);
      }
    }
    List<SampleImage> images = new ArrayList<>();
    chosen.forEach(i -> images.add(image(i)));
    return images;
  }

  private boolean someModelMistakes(int i) {
    String truth = examples.get(i).getOutput().getLabel();
    return predictions.values().stream().anyMatch(labels -> !labels[i].equals(truth));
  }

  private SampleImage image(int i) {
    ImageShape shape = data.shape();
    int[] pixels = new int[shape.height() * shape.width()];
    for (Feature feature : examples.get(i)) {
      // Only the first of several channels is shown.
      int position = Integer.parseInt(feature.getName());
      if (position < pixels.length) {
        pixels[position] = (int) feature.getValue();
      }
    }
    Map<String, String> said = new LinkedHashMap<>();
    predictions.forEach((model, labels) -> said.put(model, data.labelName(labels[i])));
    return new SampleImage(
        shape.width(),
        shape.height(),
        pixels,
        data.labelName(examples.get(i).getOutput().getLabel()),
        said);
  }
}
