/** Random numbers by place instead of by state. Not for use outside this module. */
package dev.subbit.tribuo.training.internal.random;
