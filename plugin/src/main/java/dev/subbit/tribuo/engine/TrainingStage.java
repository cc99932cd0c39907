package dev.subbit.tribuo.engine;

import dev.subbit.tribuo.network.Network;

/**
 * One stage of a training. A training is a list of stages: each starts from the parameters that the
 * one before it ended with, with a fresh optimiser and its own schedule. The networks of all stages
 * have the same parameters and differ in how convolutions hold their weights: the float weights of
 * one stage are the latent weights of the next.
 *
 * @param network what is trained.
 * @param plan how.
 * @param epochs passes over the data, at least 1; the plan's steps are theirs together.
 */
public record TrainingStage(Network network, TrainingPlan plan, int epochs) {}
