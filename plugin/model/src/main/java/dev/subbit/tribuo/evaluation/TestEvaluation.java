package dev.subbit.tribuo.evaluation;

import dev.subbit.tribuo.SubBitModel;
import dev.subbit.tribuo.data.ImageDataset;
import dev.subbit.tribuo.data.ImageSource;
import java.util.ArrayList;
import java.util.List;
import org.tribuo.DataSource;
import org.tribuo.Dataset;
import org.tribuo.Example;
import org.tribuo.Prediction;
import org.tribuo.classification.Label;

/**
 * Evaluates a model on any number of test images. Tribuo's evaluator would keep the probabilities
 * of all classes for every image, which for ImageNet are gigabytes; here images go through the
 * model in batches, and only counts are kept.
 */
public final class TestEvaluation {

  private static final int CHUNK = 256;

  private TestEvaluation() {}

  /**
   * Counts what a model predicts for images.
   *
   * @param model the model.
   * @param images the images, their labels known to the model.
   * @return the numbers of images by true and by predicted class.
   */
  public static ConfusionMatrix confusions(SubBitModel model, DataSource<Label> images) {
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
    return new ConfusionMatrix(names, counts);
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
   * @throws IllegalArgumentException if there are none, they have another shape, or one of them has
   *     a label that no training image has.
   */
  public static void requireEvaluable(Dataset<Label> training, DataSource<Label> images) {
    if (training instanceof ImageDataset trained
        && images instanceof ImageSource tested
        && !trained.imageShape().equals(tested.imageShape())) {
      throw new IllegalArgumentException(
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
        throw new IllegalArgumentException(
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
      throw new IllegalArgumentException(images + " has no images to test on.");
    }
  }
}
