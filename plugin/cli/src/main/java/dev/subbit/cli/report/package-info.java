/** Self-contained HTML reports, their charts, and text tables. */
package dev.subbit.cli.report;
