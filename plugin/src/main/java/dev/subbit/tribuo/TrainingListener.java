package dev.subbit.tribuo;

/** Told how a training goes, on the thread that trains. */
@FunctionalInterface
public interface TrainingListener {

  /**
   * An epoch is over.
   *
   * @param metrics how it went.
   */
  void epochFinished(EpochMetrics metrics);
}
