/** Files that are written completely or not at all, and their digests; shared by all modules. */
package dev.subbit.tribuo.io;
