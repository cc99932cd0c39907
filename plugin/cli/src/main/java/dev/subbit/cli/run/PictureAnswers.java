package dev.subbit.cli.run;

import dev.subbit.cli.terminal.TextTable;
import dev.subbit.cli.terminal.UserError;
import dev.subbit.tribuo.data.PictureFiles;
import dev.subbit.tribuo.data.PicturePreparation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import org.tribuo.Example;
import org.tribuo.Prediction;
import org.tribuo.classification.Label;

/**
 * What a model says about pictures.
 *
 * @param pictures one answer per picture.
 */
record PictureAnswers(List<Answer> pictures) {

  /** Pictures of one call; they are decoded together, and so held in memory together. */
  private static final int CHUNK = 64;

  private static final int ONE = 1;

  /**
   * What the model says about one picture.
   *
   * @param file the picture.
   * @param labels the most probable labels, the best first.
   */
  record Answer(String file, List<Score> labels) {}

  /**
   * A label with its probability.
   *
   * @param label the label.
   * @param probability 0 to 1.
   */
  record Score(String label, double probability) {}

  /**
   * Classifies pictures.
   *
   * @param model the model.
   * @param preparation how pictures become images for it.
   * @param places files, and folders whose pictures are all taken.
   * @param top number of labels per picture; 0 for five where there is one picture, and the best
   *     where there are several.
   * @return the answers, in the order of the places.
   * @throws UserError if a picture cannot be read; the message names it.
   */
  static PictureAnswers of(
      LoadedClassifier model, PicturePreparation preparation, List<Path> places, int top) {
    List<Path> files = files(places);
    int labels = top > 0 ? top : files.size() == ONE ? 5 : ONE;
    List<Answer> answers = new ArrayList<>();
    for (int start = 0; start < files.size(); start += CHUNK) {
      List<Path> chunk = files.subList(start, Math.min(files.size(), start + CHUNK));
      List<Example<Label>> images = new ArrayList<>();
      for (Path file : chunk) {
        images.add(read(file, preparation));
      }
      List<Prediction<Label>> predictions = model.predict(images);
      for (int i = 0; i < chunk.size(); i++) {
        answers.add(new Answer(chunk.get(i).toString(), best(predictions.get(i), labels)));
      }
    }
    return new PictureAnswers(answers);
  }

  private static List<Path> files(List<Path> places) {
    List<Path> files = new ArrayList<>();
    for (Path place : places) {
      if (Files.isDirectory(place)) {
        try {
          files.addAll(new PictureFiles(place).files());
        } catch (IOException e) {
          throw new UserError(e.getMessage() + ".", e);
        }
      } else if (Files.isRegularFile(place)) {
        files.add(place);
      } else {
        throw new UserError(
            "There is no picture and no folder " + place + ". Name PNG or JPEG files, or folders.");
      }
    }
    return files;
  }

  private static Example<Label> read(Path file, PicturePreparation preparation) {
    try {
      return preparation.example(file);
    } catch (IOException | IllegalArgumentException e) {
      throw new UserError(e.getMessage() + ".", e);
    }
  }

  private static List<Score> best(Prediction<Label> prediction, int count) {
    return prediction.getOutputScores().values().stream()
        .sorted(Comparator.comparingDouble(Label::getScore).reversed())
        .limit(count)
        .map(label -> new Score(label.getLabel(), label.getScore()))
        .toList();
  }

  /** A table for people. */
  String table() {
    TextTable table = new TextTable(2, "picture", "label", "probability");
    for (Answer answer : pictures) {
      String file = answer.file();
      for (Score score : answer.labels()) {
        table.row(
            file, score.label(), String.format(Locale.ROOT, "%.1f %%", 100 * score.probability()));
        file = "";
      }
    }
    return table.toString();
  }

  /** One line per label: file, label and probability, with tabs between them. */
  String lines() {
    StringBuilder lines = new StringBuilder();
    for (Answer answer : pictures) {
      for (Score score : answer.labels()) {
        lines.append(
            String.format(
                Locale.ROOT, "%s\t%s\t%.6f%n", answer.file(), score.label(), score.probability()));
      }
    }
    return lines.toString();
  }
}
