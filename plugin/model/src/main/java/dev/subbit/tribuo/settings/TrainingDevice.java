package dev.subbit.tribuo.settings;

/** What a training computes on. */
public enum TrainingDevice {
  /** The processor, whatever else the machine has. */
  CPU,
  /** The first graphics processor that TensorFlow finds; an error where it finds none. */
  GPU,
  /** A graphics processor if TensorFlow finds one, else the processor. */
  AUTO
}
