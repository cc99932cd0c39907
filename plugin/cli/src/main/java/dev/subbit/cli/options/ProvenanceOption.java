package dev.subbit.cli.options;

import dev.subbit.tribuo.SubBitModel;
import picocli.CommandLine.Option;

/** The option {@code --provenance}: how much a written model tells of where it was made. */
public final class ProvenanceOption {

  /** How much is told. */
  private enum Detail {
    NAMES,
    FULL
  }

  @Option(
      names = "--provenance",
      paramLabel = "DETAIL",
      defaultValue = "NAMES",
      description =
          "What the model tells of the files that it was made from: NAMES, or FULL for their whole"
              + " paths, which often name user or machine. Default: ${DEFAULT-VALUE}.")
  private Detail detail;

  /**
   * The model as it is to be written.
   *
   * @param model the model.
   * @return the same network, which tells as much as was asked for.
   */
  public SubBitModel apply(SubBitModel model) {
    return detail == Detail.FULL ? model.withFullProvenance() : model;
  }
}
