/**
 * Choices that trainers and quantizers are configured with. They live with the models, and not with
 * what uses them, because the provenance of a saved model names them: a model has to load where
 * neither trainer nor quantizer is on the class path.
 */
package dev.subbit.tribuo.settings;
