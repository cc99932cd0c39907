/** Trained models that come with Subbit. */
package dev.subbit.tribuo.zoo;
