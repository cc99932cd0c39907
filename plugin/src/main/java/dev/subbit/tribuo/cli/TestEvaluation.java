package dev.subbit.tribuo.cli;

import dev.subbit.tribuo.SubBitModel;
import dev.subbit.tribuo.data.ImageDataset;
import dev.subbit.tribuo.data.ImageSource;
import dev.subbit.tribuo.report.ConfusionMatrix;
import dev.subbit.tribuo.report.TextTable;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import org.tribuo.DataSource;
import org.tribuo.Dataset;
import org.tribuo.Example;
import org.tribuo.Prediction;
import org.tribuo.classification.Label;

/**
 * How well a model does on test images. Tribuo's evaluator would keep the probabilities of all
 * classes for every image, which for ImageNet are gigabytes; here images go through the model some
 * at a time, and are counted.
 *
 * @param confusions what was predicted for the images of each class.
 */
record TestEvaluation(ConfusionMatrix confusions) {

  private static final int CHUNK = 256;

  /**
   * Evaluates.
   *
   * @param model the model.
   * @param images the images, their labels known to the model.
   * @return the evaluation.
   */
  static TestEvaluation of(SubBitModel model, DataSource<Label> images) {
    int classes = model.getOutputIDInfo().size();
    long[][] counts = new long[classes][classes];
    List<Example<Label>> chunk = new ArrayList<>();
    for (Example<Label> image : images) {
      chunk.add(image);
      if (chunk.size() == CHUNK) {
        count(model, chunk, counts);
      }
    }
    count(model, chunk, counts);
    List<String> names = new ArrayList<>();
    for (int id = 0; id < classes; id++) {
      names.add(model.getOutputIDInfo().getOutput(id).getLabel());
    }
    return new TestEvaluation(new ConfusionMatrix(names, counts));
  }

  private static void count(SubBitModel model, List<Example<Label>> chunk, long[][] counts) {
    for (Prediction<Label> prediction : model.predict(chunk)) {
      int truth = model.getOutputIDInfo().getID(prediction.getExample().getOutput());
      counts[truth][model.getOutputIDInfo().getID(prediction.getOutput())]++;
    }
    chunk.clear();
  }

  /**
   * Checks that test images can be evaluated by a model of a training, before it is trained.
   *
   * @param training the training images.
   * @param images the test images.
   * @throws UserError if there are none, they have another shape, or one has a label that no
   *     training image has.
   */
  static void requireEvaluable(Dataset<Label> training, DataSource<Label> images) {
    if (training instanceof ImageDataset trained
        && images instanceof ImageSource tested
        && !trained.imageShape().equals(tested.imageShape())) {
      throw new UserError(
          "The images of "
              + images
              + " have the shape "
              + tested.imageShape()
              + ", those to train on "
              + trained.imageShape()
              + ".");
    }
    int number = 0;
    for (Example<Label> image : images) {
      if (training.getOutputIDInfo().getID(image.getOutput()) < 0) {
        throw new UserError(
            "Test image "
                + number
                + " of "
                + images
                + " has the label '"
                + image.getOutput().getLabel()
                + "', which no training image has. The training images have: "
                + training.getOutputInfo().toReadableString());
      }
      number++;
    }
    if (number == 0) {
      throw new UserError(images + " has no images to test on.");
    }
  }

  /**
   * Mean of the F1 of the classes that occur, among the test images or the predictions.
   *
   * @return the mean.
   */
  double macroF1() {
    return IntStream.range(0, confusions.classes().size())
        .mapToDouble(confusions::f1)
        .filter(f1 -> !Double.isNaN(f1))
        .average()
        .orElse(Double.NaN);
  }

  /** A table with a row for each class, and the accuracy of all. */
  @Override
  public String toString() {
    TextTable table = new TextTable(1, "class", "images", "found", "precision", "recall", "F1");
    for (int id = 0; id < confusions.classes().size(); id++) {
      table.row(
          confusions.classes().get(id),
          Long.toString(confusions.images(id)),
          Long.toString(confusions.counts()[id][id]),
          share(confusions.precision(id)),
          share(confusions.recall(id)),
          share(confusions.f1(id)));
    }
    return table
        + String.format(
            Locale.ROOT,
            "Accuracy: %.2f %% of %,d images; macro-averaged F1: %.3f",
            100 * confusions.accuracy(),
            confusions.images(),
            macroF1());
  }

  private static String share(double value) {
    return Double.isNaN(value) ? "-" : String.format(Locale.ROOT, "%.3f", value);
  }
}
