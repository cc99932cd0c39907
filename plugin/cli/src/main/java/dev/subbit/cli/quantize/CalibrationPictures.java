package dev.subbit.cli.quantize;

import dev.subbit.cli.terminal.UserError;
import dev.subbit.tribuo.SubBitModel;
import dev.subbit.tribuo.data.PictureFiles;
import dev.subbit.tribuo.data.PicturePreparation;
import java.io.IOException;
import java.nio.file.Path;
import java.time.OffsetDateTime;
import java.util.List;
import org.tribuo.MutableDataset;
import org.tribuo.classification.Label;
import org.tribuo.classification.LabelFactory;
import org.tribuo.provenance.SimpleDataSourceProvenance;

/**
 * Pictures as a saved model is calibrated on: prepared as in its training. A picture whose folder
 * has the name of a label has that label.
 */
final class CalibrationPictures {

  private CalibrationPictures() {}

  /**
   * Reads pictures.
   *
   * @param folder the folder with the pictures, also in folders inside it.
   * @param most number of pictures to read, spread evenly; all if there are fewer.
   * @param labelled whether every picture needs a label, to train on.
   * @param model the model.
   * @return the pictures.
   * @throws UserError if there is none, one cannot be decoded, or one lacks a label that is needed.
   */
  static MutableDataset<Label> read(Path folder, int most, boolean labelled, SubBitModel model) {
    PicturePreparation preparation = model.preparation();
    MutableDataset<Label> pictures =
        new MutableDataset<>(
            new SimpleDataSourceProvenance("pictures", OffsetDateTime.now(), new LabelFactory()),
            new LabelFactory());
    try {
      List<Path> files = new PictureFiles(folder).files();
      int count = Math.min(most, files.size());
      for (int i = 0; i < count; i++) {
        Path file = files.get((int) ((long) i * files.size() / count));
        Label label = new Label(file.toAbsolutePath().getParent().getFileName().toString());
        boolean known = model.getOutputIDInfo().getID(label) >= 0;
        if (labelled && !known) {
          throw new UserError(
              file
                  + " is in a folder that is not named as a label of the model. To train on"
                  + " pictures, --tune needs a folder of them for each label.");
        }
        pictures.add(preparation.example(file, known ? label : LabelFactory.UNKNOWN_LABEL));
      }
    } catch (IOException e) {
      throw new UserError(e.getMessage(), e);
    }
    return pictures;
  }
}
