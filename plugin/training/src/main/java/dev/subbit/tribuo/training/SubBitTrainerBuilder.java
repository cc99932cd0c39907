package dev.subbit.tribuo.training;

import com.oracle.labs.mlrg.olcut.config.PropertyException;
import dev.subbit.tribuo.network.ImageShape;
import dev.subbit.tribuo.network.Layer;
import dev.subbit.tribuo.network.NetworkDescription;
import dev.subbit.tribuo.network.Networks;
import dev.subbit.tribuo.settings.Assignment;
import dev.subbit.tribuo.settings.CodebookStart;
import dev.subbit.tribuo.settings.Precision;
import dev.subbit.tribuo.settings.Selection;
import dev.subbit.tribuo.settings.TrainingDevice;
import dev.subbit.tribuo.training.recipe.ClassWeights;
import java.nio.file.Path;
import java.util.List;

/** Builds trainers in code; every method sets the field of the configuration of that name. */
public final class SubBitTrainerBuilder extends RecipeBuilder<SubBitTrainerBuilder> {

  private final SubBitTrainer trainer = new SubBitTrainer();

  SubBitTrainerBuilder(ImageShape imageShape) {
    trainer.imageShape = new int[] {imageShape.channels(), imageShape.height(), imageShape.width()};
  }

  @Override
  SubBitTrainer fields() {
    return trainer;
  }

  @Override
  SubBitTrainerBuilder self() {
    return this;
  }

  private SubBitTrainer open() {
    requireOpen();
    return trainer;
  }

  /**
   * The network.
   *
   * @param network one of {@link Networks#names()}.
   * @return this.
   */
  public SubBitTrainerBuilder network(String network) {
    open().network = network;
    return this;
  }

  /**
   * The network, as a description of your own in place of a name.
   *
   * @param architecture the description.
   * @return this.
   */
  public SubBitTrainerBuilder architecture(NetworkDescription architecture) {
    open().architecture = architecture;
    return this;
  }

  /**
   * The saved model whose weights the training starts from.
   *
   * @param initialModel the model, and its layers that stay as they are.
   * @return this.
   */
  public SubBitTrainerBuilder initialModel(InitialModel initialModel) {
    open().initialModel = initialModel;
    return this;
  }

  /**
   * How the 3x3 convolutions use their input.
   *
   * @param activations the kind of activations.
   * @return this.
   */
  public SubBitTrainerBuilder activations(Layer.Activations activations) {
    open().activations = activations;
    return this;
  }

  /**
   * The stages of the training, in their order. The last one makes the model.
   *
   * @param stages what is different in each stage; what a stage does not say is as the trainer has
   *     it. None for one stage, or two with {@link #floatEpochs(int)}.
   * @return this.
   */
  public SubBitTrainerBuilder stages(StageRecipe... stages) {
    open().stages = List.of(stages);
    return this;
  }

  /**
   * The number of the last passes that compute as the network's integer form does, which the model
   * has then.
   *
   * @param integerEpochs 0 for none, or less than the number of passes.
   * @return this.
   */
  public SubBitTrainerBuilder integerEpochs(int integerEpochs) {
    open().integerEpochs = integerEpochs;
    return this;
  }

  /**
   * Bits of an activation in the integer form.
   *
   * @param integerWidth 9 to 16.
   * @return this.
   */
  public SubBitTrainerBuilder integerWidth(int integerWidth) {
    open().integerWidth = integerWidth;
    return this;
  }

  /**
   * Passes over the data with float weights, before those with sub-bit weights.
   *
   * @param floatEpochs at least 0; or -1 for one in ten of the epochs, from four epochs on, where
   *     codebooks start from the kernels, and else none.
   * @return this.
   */
  public SubBitTrainerBuilder floatEpochs(int floatEpochs) {
    open().floatEpochs = floatEpochs;
    return this;
  }

  /**
   * How codewords are selected.
   *
   * @param selection the selection.
   * @return this.
   */
  public SubBitTrainerBuilder selection(Selection selection) {
    open().selection = selection;
    return this;
  }

  /**
   * The codewords that codebooks start with.
   *
   * @param codebookStart the start.
   * @return this.
   */
  public SubBitTrainerBuilder codebookStart(CodebookStart codebookStart) {
    open().codebookStart = codebookStart;
    return this;
  }

  /**
   * How kernels choose their codewords.
   *
   * @param assignment the assignment.
   * @return this.
   */
  public SubBitTrainerBuilder assignment(Assignment assignment) {
    open().assignment = assignment;
    return this;
  }

  /**
   * How much the images of each class count in the loss.
   *
   * @param classWeights the weights; null for all alike.
   * @return this.
   */
  public SubBitTrainerBuilder classWeights(ClassWeights classWeights) {
    open().classWeights = classWeights;
    return this;
  }

  /**
   * Seed of all random choices.
   *
   * @param seed any number.
   * @return this.
   */
  public SubBitTrainerBuilder seed(long seed) {
    open().seed = seed;
    return this;
  }

  /**
   * Threads to train with.
   *
   * @param threads at least 1, or 0 for one per processor.
   * @return this.
   */
  public SubBitTrainerBuilder threads(int threads) {
    open().threads = threads;
    return this;
  }

  /**
   * What to train on.
   *
   * @param device the device.
   * @return this.
   */
  public SubBitTrainerBuilder device(TrainingDevice device) {
    open().device = device;
    return this;
  }

  /**
   * The numbers that the convolutions of a training step compute with.
   *
   * @param precision the numbers.
   * @return this.
   */
  public SubBitTrainerBuilder precision(Precision precision) {
    open().precision = precision;
    return this;
  }

  /**
   * The share of the images, of every class alike, that is evaluated on and not trained on.
   *
   * @param validationShare 0 for none, up to but not 1.
   * @return this.
   */
  public SubBitTrainerBuilder validationShare(double validationShare) {
    open().validationShare = validationShare;
    return this;
  }

  /**
   * Whether the model is the network of the epoch that was best on the validation images.
   *
   * @param keepBest false for that of the last epoch.
   * @return this.
   */
  public SubBitTrainerBuilder keepBest(boolean keepBest) {
    open().keepBest = keepBest;
    return this;
  }

  /**
   * Epochs without a better accuracy on the validation images after which training ends. The
   * learning rate falls over all {@link #epochs(int)}, whether they come or not: a training that
   * ends early ends at a high rate, often with a worse model than a shorter schedule gives.
   *
   * @param patience 0 for never.
   * @return this.
   */
  public SubBitTrainerBuilder patience(int patience) {
    open().patience = patience;
    return this;
  }

  /**
   * The folder in which a training keeps the checkpoint that it resumes from after an interruption.
   *
   * @param checkpointFolder a folder of its own; null for no checkpoints.
   * @return this.
   */
  public SubBitTrainerBuilder checkpointFolder(Path checkpointFolder) {
    open().checkpointFolder = checkpointFolder;
    return this;
  }

  /**
   * Time between two checkpoints; one is written at every epoch's end, too.
   *
   * @param checkpointSeconds 0 for one after every step, or more.
   * @return this.
   */
  public SubBitTrainerBuilder checkpointSeconds(double checkpointSeconds) {
    open().checkpointSeconds = checkpointSeconds;
    return this;
  }

  /**
   * Builds the trainer. The builder cannot be used again.
   *
   * @return the trainer.
   * @throws PropertyException if a field's value is not allowed, naming both.
   */
  public SubBitTrainer build() {
    open().postConfig();
    built();
    return trainer;
  }
}
