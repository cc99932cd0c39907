package dev.subbit.integration.bench;

import ai.onnx.proto.OnnxMl.ModelProto;
import dev.subbit.tribuo.SubBitModel;
import dev.subbit.tribuo.SubBitTrainer;
import dev.subbit.tribuo.data.IdxImageSource;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.StreamSupport;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.tribuo.Example;
import org.tribuo.MutableDataset;
import org.tribuo.Prediction;
import org.tribuo.classification.Label;

/**
 * Measures what using a model costs in Java: exporting it, and predicting one image or a hundred.
 * The network is small, ResNet-8 on 28x28 images, so that Java's own share is visible.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class ModelBenchmark {

  private static final Path DATA = Path.of("integration-tests", "data", "fashion-mnist");
  private static final int TRAINING_IMAGES = 64;
  private static final int BATCH = 100;

  private SubBitModel model;
  private Example<Label> image;
  private List<Example<Label>> batch;

  @Setup
  public void train() throws IOException {
    IdxImageSource source =
        new IdxImageSource(
            DATA.resolve("train-images-idx3-ubyte.gz"), DATA.resolve("train-labels-idx1-ubyte.gz"));
    List<Example<Label>> images =
        StreamSupport.stream(source.spliterator(), false).limit(BATCH).toList();
    MutableDataset<Label> dataset =
        new MutableDataset<>(source.getProvenance(), source.getOutputFactory());
    images.subList(0, TRAINING_IMAGES).forEach(dataset::add);
    model =
        SubBitTrainer.builder(source.imageShape())
            .network("resnet8")
            .epochs(1)
            .batchSize(TRAINING_IMAGES)
            .threads(1)
            .build()
            .train(dataset)
            .withBackend("native", Map.of());
    image = images.get(0);
    batch = new ArrayList<>(images);
  }

  @TearDown
  public void close() {
    model.close();
  }

  @Benchmark
  public ModelProto export() {
    return model.exportONNXModel("dev.subbit.bench", 1);
  }

  @Benchmark
  public Prediction<Label> predictOne() {
    return model.predict(image);
  }

  @Benchmark
  public List<Prediction<Label>> predictHundred() {
    return model.predict(batch);
  }
}
