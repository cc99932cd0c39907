package dev.subbit.tribuo.training.internal.engine.tensorflow;

import dev.subbit.tribuo.network.Network;
import dev.subbit.tribuo.settings.TrainingDevice;
import dev.subbit.tribuo.training.cluster.TrainingCluster;
import dev.subbit.tribuo.training.internal.engine.LayerRates;
import dev.subbit.tribuo.training.internal.engine.Ranks;
import dev.subbit.tribuo.training.internal.engine.TrainingEngine;
import dev.subbit.tribuo.training.internal.engine.TrainingPlan;
import dev.subbit.tribuo.training.internal.engine.TrainingRun;
import java.nio.ByteBuffer;
import java.util.Map;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.Tensor;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.proto.RunOptions;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TFloat64;
import org.tensorflow.types.TInt64;

/**
 * Trains together with other processes. Its runs exchange gradients in every step; beside them it
 * exchanges what the training loop decides by, in a small graph of its own.
 */
final class ClusterEngine implements TrainingEngine, Ranks {

  // TensorFlow refuses exchanges whose size is not always the same.
  private static final int NUMBERS = 8;
  private static final int WORDS = 1 << 17;

  private final TrainingDevice device;
  private final Ring ring;
  private final RunOptions options;
  private final Graph graph = new Graph();
  private final Session session;
  private final Placeholder<TFloat64> numbers;
  private final Operand<TFloat64> numbersSum;
  private final Placeholder<TInt64> words;
  private final Operand<TInt64> wordsSum;

  ClusterEngine(TrainingDevice device, TrainingCluster cluster, int threads) {
    ThreadCount.claim(threads);
    this.device = device;
    this.ring = Ring.join(device, cluster, threads);
    this.options = ring.nextOptions();
    Ops tf = ring.ops(graph);
    this.numbers = tf.placeholder(TFloat64.class, Placeholder.shape(Shape.of(NUMBERS)));
    this.numbersSum = ring.sum(tf, numbers);
    this.words = tf.placeholder(TInt64.class, Placeholder.shape(Shape.of(WORDS)));
    this.wordsSum = ring.sum(tf, words);
    try {
      this.session = ring.open(graph, SessionConfig.on(device));
    } catch (RuntimeException | Error e) {
      graph.close();
      throw e;
    }
  }

  @Override
  public TrainingRun start(
      Network network, TrainingPlan plan, Map<String, float[]> parameters, LayerRates rates) {
    return new TensorFlowRun(device, network, plan, parameters, rates, ring);
  }

  @Override
  public TrainingEngine on(TrainingDevice wanted, int threads) {
    throw new IllegalStateException("The device is to be chosen before an engine joins a cluster");
  }

  @Override
  public TrainingDevice device() {
    return device;
  }

  @Override
  public TrainingEngine join(TrainingCluster cluster, int threads) {
    throw new IllegalStateException("This engine is in a cluster already");
  }

  @Override
  public Ranks ranks() {
    return this;
  }

  @Override
  public int rank() {
    return ring.rank();
  }

  @Override
  public int count() {
    return ring.count();
  }

  @Override
  public double[] sum(double... own) {
    double[] sums = new double[own.length];
    for (int from = 0; from < own.length; from += NUMBERS) {
      int count = Math.min(NUMBERS, own.length - from);
      double[] block = new double[NUMBERS];
      System.arraycopy(own, from, block, 0, count);
      try (TFloat64 fed = TFloat64.tensorOf(Shape.of(NUMBERS), DataBuffers.of(block, true, false));
          Result result = run(numbers, fed, numbersSum)) {
        result.get(0).asRawTensor().data().asDoubles().read(block);
      }
      System.arraycopy(block, 0, sums, from, count);
    }
    return sums;
  }

  @Override
  public byte[] fromFirst(byte[] own) {
    byte[] given = rank() == 0 ? own : new byte[0];
    byte[] received = new byte[(int) sum(given.length)[0]];
    for (int from = 0; from < received.length; from += WORDS * Long.BYTES) {
      // The others add zeros, which leave the bits of rank 0.
      ByteBuffer block = ByteBuffer.allocate(WORDS * Long.BYTES);
      int count = Math.min(block.capacity(), received.length - from);
      if (rank() == 0) {
        block.put(given, from, count).rewind();
      }
      long[] packed = new long[WORDS];
      block.asLongBuffer().get(packed);
      try (TInt64 fed = TInt64.tensorOf(Shape.of(WORDS), DataBuffers.of(packed, true, false));
          Result result = run(words, fed, wordsSum)) {
        result.get(0).asRawTensor().data().asLongs().read(packed);
      }
      block.asLongBuffer().put(packed);
      block.get(received, from, count);
    }
    return received;
  }

  @Override
  public Exchange exchange(int values) {
    return new FloatExchange(values);
  }

  /**
   * Fills a tensor with a number that is fed, so that nothing is computed ahead of the exchange.
   */
  private final class FloatExchange implements Exchange {

    private final RunOptions ownOptions = ring.nextOptions();
    private final Graph ownGraph = new Graph();
    private final Session ownSession;
    private final Placeholder<TFloat32> value;
    private final Operand<TFloat32> first;

    private FloatExchange(int values) {
      Ops tf = ring.ops(ownGraph);
      value = tf.placeholder(TFloat32.class, Placeholder.shape(Shape.scalar()));
      Operand<TFloat32> mean = ring.mean(tf, tf.fill(tf.constant(new int[] {values}), value));
      first = tf.slice(mean, tf.constant(new int[1]), tf.constant(new int[] {1}));
      try {
        ownSession = ring.open(ownGraph, SessionConfig.on(device));
      } catch (RuntimeException | Error e) {
        ownGraph.close();
        throw e;
      }
    }

    @Override
    public void run() {
      try (TFloat32 fed = TFloat32.scalarOf(1)) {
        ClusterEngine.this.run(ownSession, ownOptions, value, fed, first).close();
      }
    }

    @Override
    public void close() {
      ownSession.close();
      ownGraph.close();
    }
  }

  private Result run(Operand<?> placeholder, Tensor fed, Operand<?> fetched) {
    return run(session, options, placeholder, fed, fetched);
  }

  private Result run(
      Session session, RunOptions options, Operand<?> placeholder, Tensor fed, Operand<?> fetched) {
    try {
      return session.runner().feed(placeholder, fed).fetch(fetched).setOptions(options).run();
    } catch (RuntimeException e) {
      throw ring.failure(e);
    }
  }

  @Override
  public void close() {
    // Before the graph, which would wait for it.
    session.close();
    graph.close();
  }
}
