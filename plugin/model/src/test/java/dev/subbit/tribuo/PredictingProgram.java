package dev.subbit.tribuo;

import dev.subbit.tribuo.data.StripedImages;
import java.nio.file.Path;
import org.tribuo.Model;
import org.tribuo.MutableDataset;
import org.tribuo.classification.Label;

/** A user's program that only predicts, to be run with a class path of this module alone. */
public final class PredictingProgram {

  private PredictingProgram() {}

  /**
   * Loads a model and predicts striped images.
   *
   * @param args a folder for the images, and the saved model.
   * @throws Exception if anything fails.
   */
  public static void main(String[] args) throws Exception {
    MutableDataset<Label> data =
        new MutableDataset<>(StripedImages.source(Path.of(args[0]), 32, 1));
    Model<Label> model = Model.deserializeFromFile(Path.of(args[1])).castModel(Label.class);
    System.out.println("predicted " + model.predict(data).size());
    System.out.println(model.getProvenance().getTrainerProvenance());
  }
}
