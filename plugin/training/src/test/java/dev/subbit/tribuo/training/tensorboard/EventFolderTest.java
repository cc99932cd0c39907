package dev.subbit.tribuo.training.tensorboard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.subbit.tribuo.training.metrics.EpochMetrics;
import dev.subbit.tribuo.training.metrics.EpochSums;
import dev.subbit.tribuo.training.metrics.StepMetrics;
import dev.subbit.tribuo.training.metrics.TrainingStart;
import dev.subbit.tribuo.training.metrics.ValidationMetrics;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tensorflow.Graph;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.exceptions.TFOutOfRangeException;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.io.FifoQueue;
import org.tensorflow.op.io.ReaderRead;
import org.tensorflow.op.io.TfRecordReader;
import org.tensorflow.proto.Event;
import org.tensorflow.proto.SessionLog;
import org.tensorflow.types.TString;

/** Event files as TensorFlow itself reads them, which checks every checksum. */
class EventFolderTest {

  @TempDir private Path folder;

  private List<Path> files() throws IOException {
    try (Stream<Path> files = Files.list(folder.resolve("run"))) {
      return files.sorted().toList();
    }
  }

  private static List<Event> read(Path file) throws IOException {
    List<Event> events = new ArrayList<>();
    try (Graph graph = new Graph()) {
      Ops tf = Ops.create(graph);
      TfRecordReader reader = tf.io.tfRecordReader();
      FifoQueue queue = tf.io.fifoQueue(List.of(TString.class));
      Op enqueue = tf.io.queueEnqueue(queue, List.of(tf.constant(file.toString())));
      Op close = tf.io.queueClose(queue);
      ReaderRead next = tf.io.readerRead(reader, queue);
      try (Session session = new Session(graph)) {
        session.runner().addTarget(enqueue).run().close();
        session.runner().addTarget(close).run().close();
        while (true) {
          try (Result result = session.runner().fetch(next.value()).run()) {
            events.add(Event.parseFrom(((TString) result.get(0)).asBytes().getObject()));
          }
        }
      } catch (TFOutOfRangeException e) {
        return events;
      }
    }
  }

  private static TrainingStart start(int step) {
    return new TrainingStart(
        step, 8, step / 4 + 1, 2, List.of(), Optional.empty(), List.of("float weights"));
  }

  private static StepMetrics step(int step) {
    return new StepMetrics(1, 1, 2, step, 1.0 / step, 0.5, 0.01, EpochSums.NONE);
  }

  private static String text(Event event) {
    return event.getStep()
        + event.getSummary().getValueList().stream()
            .map(value -> " " + value.getTag() + "=" + value.getSimpleValue())
            .collect(Collectors.joining());
  }

  @Test
  void tensorFlowReadsWhatWasWritten() throws IOException {
    try (EventFolder events = new EventFolder(folder.resolve("run"), 2)) {
      events.started(start(0));
      for (int step = 1; step <= 4; step++) {
        events.stepFinished(step(step));
      }
      ValidationMetrics validation = new ValidationMetrics(0.25, 0.75);
      events.epochFinished(
          new EpochMetrics(1, 1, 2, 4, 0.5, 0.25, Optional.of(validation), 0.01, 3, 2, 64));
    }
    List<Event> events = read(files().get(0));
    assertEquals("brain.Event:2", events.get(0).getFileVersion());
    assertEquals(SessionLog.SessionStatus.START, events.get(1).getSessionLog().getStatus());
    assertEquals(1, events.get(1).getStep());
    assertEquals(
        List.of(
            "2 step/loss=0.5 step/accuracy=0.5 step/learning rate=0.01",
            "4 step/loss=0.25 step/accuracy=0.5 step/learning rate=0.01",
            "4 epoch/loss=0.5 epoch/accuracy=0.25 epoch/validation loss=0.25"
                + " epoch/validation accuracy=0.75 epoch/codewords changed=3.0"
                + " epoch/images per second=64.0"),
        events.subList(2, events.size()).stream().map(EventFolderTest::text).toList());
    assertTrue(events.stream().allMatch(e -> e.getWallTime() > 1.6e9));
  }

  @Test
  void aResumedTrainingAddsAFileThatReplacesTheStepsBehindItsCheckpoint() throws IOException {
    for (int from : new int[] {0, 2}) {
      try (EventFolder events = new EventFolder(folder.resolve("run"), 1)) {
        events.started(start(from));
        events.stepFinished(step(from + 1));
        events.stepFinished(step(from + 2));
        events.stepFinished(step(from + 3));
      }
    }
    assertEquals(2, files().size());
    List<Event> resumed = read(files().get(1));
    assertEquals(3, resumed.get(1).getStep(), "TensorBoard drops this step and later ones");
    assertEquals(5, resumed.get(4).getStep());
  }

  @Test
  void aFolderThatCannotBeMadeIsNamed() throws IOException {
    Path taken = Files.writeString(folder.resolve("taken"), "precious");
    EventFolder events = new EventFolder(taken, 1);
    String message =
        assertThrows(UncheckedIOException.class, () -> events.started(start(0))).getMessage();
    assertTrue(message.contains(taken.toString()), message);
    assertEquals("precious", Files.readString(taken));
  }
}
