package dev.subbit.tribuo.training.internal.engine;

import dev.subbit.tribuo.codebook.CodebookTaps;
import dev.subbit.tribuo.network.Network;
import dev.subbit.tribuo.network.TrainedNetwork;
import dev.subbit.tribuo.training.internal.batches.ImageBatches;
import dev.subbit.tribuo.training.teacher.TeacherSession;
import java.util.HashMap;
import java.util.Map;
import java.util.function.ToIntFunction;

/**
 * One stage of a training. A training is a list of stages: each starts from the parameters that the
 * one before it ended with, with a fresh optimiser and its own schedule. The networks of all stages
 * have the same parameters and differ in how convolutions hold their weights: the float weights of
 * one stage are the latent weights of the next.
 *
 * @param name what it trains, in words, such as "float weights".
 * @param batches the images that it trains on.
 * @param network the network to train.
 * @param plan how to train it.
 * @param epochs passes over the data, at least 1; the plan counts the steps of all of them.
 * @param teacher the teacher that is run before every step; null if the plan's recipe has no
 *     teacher.
 * @param fractionBits chooses, for a plan in integers, the bits behind the binary point from the
 *     network that the stage before ended with; null if the plan computes in floats, or if the
 *     number is among the parameters that the stage starts from.
 * @param rates how fast each layer is trained.
 */
public record TrainingStage(
    String name,
    ImageBatches batches,
    Network network,
    TrainingPlan plan,
    int epochs,
    TeacherSession teacher,
    ToIntFunction<TrainedNetwork> fractionBits,
    LayerRates rates) {

  // Checks that there is a teacher where the recipe needs one.
  public TrainingStage {
    if (plan.recipe().distils() && teacher == null) {
      throw new IllegalArgumentException("The recipe needs a teacher, but there is none");
    }
  }

  /**
   * Makes a stage in floats.
   *
   * @param name what it trains.
   * @param batches the images that it trains on.
   * @param network the network to train.
   * @param plan how to train it.
   * @param epochs passes over the data.
   * @param teacher the teacher; null if the plan's recipe has none.
   */
  public TrainingStage(
      String name,
      ImageBatches batches,
      Network network,
      TrainingPlan plan,
      int epochs,
      TeacherSession teacher) {
    this(name, batches, network, plan, epochs, teacher, null, LayerRates.EQUAL);
  }

  /**
   * The same stage with layers that are trained at other rates.
   *
   * @param layers how fast each is trained.
   * @return the stage.
   */
  public TrainingStage at(LayerRates layers) {
    return new TrainingStage(name, batches, network, plan, epochs, teacher, fractionBits, layers);
  }

  /**
   * The parameters that this stage starts from where it follows another one.
   *
   * @param before the run of the stage before, at its end.
   * @return the parameters, by full name. A stage in integers goes on with the codebooks of the one
   *     before.
   */
  public Map<String, float[]> parametersAfter(TrainingRun before) {
    if (fractionBits == null) {
      return before.parameters();
    }
    Map<String, float[]> parameters = new HashMap<>(before.parameters());
    TrainedNetwork trained = before.network();
    trained
        .packed()
        .forEach(
            (node, weights) ->
                parameters.put(
                    node + TrainingEngine.CODEBOOK, CodebookTaps.of(weights.codebook())));
    parameters.put(TrainingEngine.FRACTION_BITS, new float[] {fractionBits.applyAsInt(trained)});
    return parameters;
  }

  /**
   * Starts the training of this stage.
   *
   * @param engine the engine to train with.
   * @param parameters the parameters to start from, by full name.
   * @return the run, to be closed by the caller; it runs the teacher by itself.
   */
  public TrainingRun start(TrainingEngine engine, Map<String, float[]> parameters) {
    TrainingRun run = engine.start(network, plan, parameters, rates);
    return plan.recipe().distils() ? new TaughtRun(run, teacher) : run;
  }

  /**
   * The same stage with a schedule of its own, in which the learning rate grows by the same factor
   * at every step.
   *
   * @param steps number of steps; they need not make up epochs.
   * @param first the rate of the first step.
   * @param last the rate of the last step.
   * @return a new stage.
   */
  public TrainingStage withGrowingRate(int steps, float first, float last) {
    TrainingPlan growing =
        new TrainingPlan(
            steps,
            0,
            0,
            plan.recipe().withGrowingRate(first, last),
            plan.codebooks(),
            plan.integerWidth(),
            plan.precision(),
            plan.threads(),
            plan.seed());
    return new TrainingStage(name, batches, network, growing, epochs, teacher, fractionBits, rates);
  }
}
