package dev.subbit.tribuo.network;

import com.oracle.labs.mlrg.olcut.config.Configurable;
import com.oracle.labs.mlrg.olcut.provenance.ConfiguredObjectProvenance;
import com.oracle.labs.mlrg.olcut.provenance.Provenancable;

/**
 * A layer, or a few layers that belong together, of a {@link NetworkDescription}. Which kinds of
 * weights and activations they get is decided when the network is built. Immutable once configured.
 */
public sealed interface NetworkPart extends Configurable, Provenancable<ConfiguredObjectProvenance>
    permits Stem, Convolutions, ResidualStage {

  /**
   * The name of the component that configures this part, for messages.
   *
   * @return its name, or that of its class if it was made in code.
   */
  String name();

  /**
   * Adds the nodes of this part behind those that there are.
   *
   * @param network the network under construction.
   */
  void addTo(NetworkBuilder network);
}
