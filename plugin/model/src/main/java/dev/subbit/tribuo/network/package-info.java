/**
 * The network vocabulary that trainer, exporter, quantizer and size counter all read: {@link
 * dev.subbit.tribuo.network.Layer}s, {@link dev.subbit.tribuo.network.Network}s of them, and {@link
 * dev.subbit.tribuo.network.TrainedNetwork}s with weights. {@link
 * dev.subbit.tribuo.network.Networks} builds the named ones. All of it is immutable.
 */
package dev.subbit.tribuo.network;
