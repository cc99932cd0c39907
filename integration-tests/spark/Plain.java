import dev.subbit.tribuo.OnnxClassifier;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.tribuo.Example;
import org.tribuo.classification.Label;

/** One thread of one JVM: reads, decodes and classifies pictures. Plain MODEL FOLDER TIMES */
class Plain {

  public static void main(String[] arguments) throws Exception {
    List<Path> files;
    try (var list = Files.list(Path.of(arguments[1]))) {
      files = list.sorted().toList();
    }
    int times = Integer.parseInt(arguments[2]);
    try (OnnxClassifier model = OnnxClassifier.read(Path.of(arguments[0])).withThreads(1)) {
      // The session opens, and compiled code gets warm.
      run(model, files);
      long wall = System.nanoTime();
      long processor = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
      for (int i = 0; i < times; i++) {
        run(model, files);
      }
      processor = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() - processor;
      wall = System.nanoTime() - wall;
      System.out.printf("%d %.3f %.3f%n", times * files.size(), wall / 1e9, processor / 1e9);
    }
  }

  private static void run(OnnxClassifier model, List<Path> files) throws Exception {
    for (int start = 0; start < files.size(); start += 64) {
      List<Example<Label>> images = new ArrayList<>();
      for (Path file : files.subList(start, Math.min(files.size(), start + 64))) {
        images.add(model.preparation().example(file));
      }
      model.predict(images);
    }
  }
}
