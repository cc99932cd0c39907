/**
 * Files that commands read and write: configurations with the images they name, saved models, image
 * folders, and files written whole or not at all.
 */
package dev.subbit.cli.files;
