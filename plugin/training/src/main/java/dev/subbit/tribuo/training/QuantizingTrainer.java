package dev.subbit.tribuo.training;

import com.oracle.labs.mlrg.olcut.config.Config;
import com.oracle.labs.mlrg.olcut.provenance.Provenance;
import dev.subbit.tribuo.SubBitModel;
import dev.subbit.tribuo.quantizer.SubBitQuantizer;
import java.util.Collections;
import java.util.Map;
import org.tribuo.Dataset;
import org.tribuo.Trainer;
import org.tribuo.classification.Label;
import org.tribuo.provenance.TrainerProvenance;
import org.tribuo.provenance.impl.TrainerProvenanceImpl;

/**
 * Trains a model, then quantizes it on the images that it was trained on: the quantizer as a step
 * of a pipeline. The result is the quantizer's model; its provenance names this trainer with the
 * trainer and the quantizer inside.
 *
 * <p>Random numbers are the trainer's and the quantizer's own; the invocation count is the
 * trainer's. As safe for use by many threads as the trainer is.
 */
public final class QuantizingTrainer implements Trainer<Label> {

  @Config(mandatory = true, description = "The trainer of the model that is quantized.")
  private SubBitTrainer trainer;

  @Config(mandatory = true, description = "The quantizer that the trained model goes through.")
  private SubBitQuantizer quantizer;

  /** For OLCUT, which fills in the configured fields. */
  private QuantizingTrainer() {}

  /**
   * Puts a quantizer behind a trainer.
   *
   * @param trainer the trainer of the model.
   * @param quantizer the quantizer that the trained model goes through.
   */
  public QuantizingTrainer(SubBitTrainer trainer, SubBitQuantizer quantizer) {
    this.trainer = trainer;
    this.quantizer = quantizer;
  }

  @Override
  public SubBitModel train(Dataset<Label> examples) {
    return train(examples, Collections.emptyMap());
  }

  @Override
  public SubBitModel train(Dataset<Label> examples, Map<String, Provenance> runProvenance) {
    return train(examples, runProvenance, INCREMENT_INVOCATION_COUNT);
  }

  /**
   * Trains a model and quantizes it on the same images.
   *
   * @param examples the images, for both.
   * @param runProvenance what to add to the provenance.
   * @param invocationCount the trainer's invocation count, or {@link #INCREMENT_INVOCATION_COUNT}.
   * @return the quantized model.
   * @throws IllegalArgumentException if the images cannot be trained on, or the model cannot be
   *     quantized.
   */
  @Override
  public SubBitModel train(
      Dataset<Label> examples, Map<String, Provenance> runProvenance, int invocationCount) {
    TrainerProvenance provenance;
    SubBitModel trained;
    synchronized (this) {
      if (invocationCount != INCREMENT_INVOCATION_COUNT) {
        setInvocationCount(invocationCount);
      }
      provenance = getProvenance();
      trained = trainer.train(examples, runProvenance);
    }
    try (trained) {
      return quantizer.quantize(trained, examples, provenance);
    }
  }

  @Override
  public int getInvocationCount() {
    return trainer.getInvocationCount();
  }

  @Override
  public void setInvocationCount(int invocationCount) {
    trainer.setInvocationCount(invocationCount);
  }

  @Override
  public TrainerProvenance getProvenance() {
    return new TrainerProvenanceImpl(this);
  }

  @Override
  public String toString() {
    return "QuantizingTrainer(trainer=" + trainer + ",quantizer=" + quantizer + ")";
  }
}
