/**
 * Checks of configured fields, shared by the OLCUT components of all modules, so that every refused
 * value is named in the same words.
 */
package dev.subbit.tribuo.config;
