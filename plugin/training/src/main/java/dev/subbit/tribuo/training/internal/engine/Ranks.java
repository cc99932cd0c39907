package dev.subbit.tribuo.training.internal.engine;

import dev.subbit.tribuo.training.internal.batches.BatchSlice;

/**
 * The processes of one training, which make the same steps at the same time. All of them make the
 * same calls in the same order, and each call waits for all.
 */
public interface Ranks {

  /** The ranks of a training in one process. */
  Ranks ALONE =
      new Ranks() {
        @Override
        public int rank() {
          return 0;
        }

        @Override
        public int count() {
          return 1;
        }

        @Override
        public double[] sum(double... own) {
          return own;
        }

        @Override
        public byte[] fromFirst(byte[] own) {
          return own;
        }

        @Override
        public Exchange exchange(int values) {
          return new Exchange() {
            @Override
            public void run() {
              // There is nobody to exchange with.
            }

            @Override
            public void close() {}
          };
        }
      };

  /**
   * Which of the processes this one is.
   *
   * @return 0 for the first.
   */
  int rank();

  /**
   * Number of processes.
   *
   * @return at least 1.
   */
  int count();

  /**
   * Adds up numbers of all processes.
   *
   * @param own those of this process, as many as in the others.
   * @return their sums, the same bits in all processes.
   * @throws IllegalStateException if a process is lost, naming it.
   */
  double[] sum(double... own);

  /**
   * Hands bytes of rank 0 to all processes.
   *
   * @param own the bytes at rank 0; ignored in the others.
   * @return those of rank 0.
   * @throws IllegalStateException if a process is lost, naming it.
   */
  byte[] fromFirst(byte[] own);

  /**
   * An exchange of as many floats as a step exchanges, by itself, for measuring. Holds native
   * memory until it is closed.
   */
  interface Exchange extends AutoCloseable {

    /**
     * Averages the values over all processes.
     *
     * @throws IllegalStateException if a process is lost, naming it.
     */
    void run();

    @Override
    void close();
  }

  /**
   * Prepares an exchange.
   *
   * @param values number of floats, at least 1.
   * @return the exchange, to be closed by the caller.
   */
  Exchange exchange(int values);

  /**
   * The part of every batch that this process works on.
   *
   * @return its slice.
   */
  default BatchSlice slice() {
    return new BatchSlice(rank(), count());
  }
}
