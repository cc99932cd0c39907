package dev.subbit.tribuo.training;

import dev.subbit.tribuo.data.StripedImages;
import java.nio.file.Path;
import org.tribuo.Model;
import org.tribuo.MutableDataset;
import org.tribuo.classification.Label;

/** Run by {@link WithoutTensorFlowTest} in a JVM that has no TensorFlow: predicts, then trains. */
public final class WithoutTensorFlow {

  private WithoutTensorFlow() {}

  public static void main(String[] args) throws Exception {
    MutableDataset<Label> data =
        new MutableDataset<>(StripedImages.source(Path.of(args[0]), 32, 1));
    Model<Label> model = Model.deserializeFromFile(Path.of(args[1])).castModel(Label.class);
    System.out.println("predicted " + model.predict(data).size());
    try {
      SubBitTrainer.builder(StripedImages.SHAPE).batchSize(8).build().train(data);
    } catch (IllegalStateException e) {
      System.out.println(e.getMessage());
    }
  }
}
