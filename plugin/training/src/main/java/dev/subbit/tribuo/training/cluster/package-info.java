/** The description of several processes that make one training together. */
package dev.subbit.tribuo.training.cluster;
