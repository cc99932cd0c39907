package dev.subbit.integration.bench;

import dev.subbit.onnx.BitPlanes;
import dev.subbit.onnx.Codebook;
import dev.subbit.onnx.PackedConvWeights;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Measures packing and unpacking the indices of one layer of 512 by 512 kernels, the largest in
 * ResNet-18.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class PackingBenchmark {

  private static final int CHANNELS = 512;

  @Param({"4", "5", "9"})
  private int tau;

  private int[] indices;
  private byte[] planes;
  private float[] scale;
  private Codebook codebook;
  private PackedConvWeights weights;

  @Setup
  public void draw() {
    Random random = new Random(1);
    indices = random.ints((long) CHANNELS * CHANNELS, 0, 1 << tau).toArray();
    planes = BitPlanes.encode(indices, tau);
    scale = new float[CHANNELS];
    Arrays.fill(scale, 1);
    codebook = new Codebook(tau, random.ints(0, 512).distinct().limit(1L << tau).toArray());
    weights = PackedConvWeights.pack(CHANNELS, codebook, indices, scale);
  }

  @Benchmark
  public byte[] encodeBitPlanes() {
    return BitPlanes.encode(indices, tau);
  }

  @Benchmark
  public int[] decodeBitPlanes() {
    return BitPlanes.decode(planes, tau, indices.length);
  }

  @Benchmark
  public PackedConvWeights packWeights() {
    return PackedConvWeights.pack(CHANNELS, codebook, indices, scale);
  }

  @Benchmark
  public float[] unpackToDense() {
    return weights.toDense();
  }
}
