package dev.subbit.tribuo.training.metrics;

import dev.subbit.tribuo.network.TrainedNetwork;
import java.util.Map;

/**
 * The outcome of a training. A resumed training ends as an uninterrupted one does. Immutable by
 * contract: listeners leave the arrays as they are.
 *
 * @param trainingImages number of images that were trained on.
 * @param validationImages number of images that were kept back for validation.
 * @param modelEpoch number of the epoch whose network becomes the model; the last one, unless an
 *     earlier one did better on the validation images.
 * @param initial the float parameters before the first step, latent weights included, by full name.
 * @param parameters the same after the last step; their averages, where the last stage keeps some.
 * @param network the network of these parameters.
 */
public record TrainingEnd(
    int trainingImages,
    int validationImages,
    int modelEpoch,
    Map<String, float[]> initial,
    Map<String, float[]> parameters,
    TrainedNetwork network) {}
