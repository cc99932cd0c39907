package dev.subbit.cli.train;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.subbit.onnx.ReaderContract;
import dev.subbit.tribuo.training.metrics.TrainingStart;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.provider.MethodSource;

/** Files of any content that a resumed training is to continue. */
@Timeout(60)
class MetricsFileFuzzTest {

  private static final TrainingStart START =
      new TrainingStart(4, 12, 2, 3, List.of(), Optional.empty(), List.of());

  @TempDir static Path folder;

  static Stream<byte[]> files() {
    return Stream.of(
            "{\"type\":\"step\",\"step\":3}\n{\"type\":\"epoch\",\"step\":9}\n",
            "{\"step\":4}\n{\"step\":",
            "[[[[{}]]]]\n")
        .map(text -> text.getBytes(StandardCharsets.UTF_8));
  }

  @MethodSource("files")
  @FuzzTest
  void filesAreContinued(byte[] content) throws IOException {
    Path file = Files.write(folder.resolve("metrics.jsonl"), content);
    ReaderContract.of(IllegalStateException.class)
        .read(
            content.length,
            () -> {
              try (MetricsFile metrics = new MetricsFile(file, 1)) {
                metrics.started(START);
                return Files.size(file);
              }
            });
  }
}
