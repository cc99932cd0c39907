/**
 * Images as Tribuo examples: sources that read IDX, CIFAR and picture files, data sets that leave
 * the pixels in their files, and the map between features and pixel positions.
 *
 * <p>An {@link dev.subbit.tribuo.data.ImageSource} yields {@link
 * dev.subbit.tribuo.data.ImageExample}s, an {@link dev.subbit.tribuo.data.ImageDataset} holds them,
 * and a {@link dev.subbit.tribuo.data.PixelMap} turns them into a network's input. Files are not
 * trusted: every error names the file and what is wrong with it.
 */
package dev.subbit.tribuo.data;
