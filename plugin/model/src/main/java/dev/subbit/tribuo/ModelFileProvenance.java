package dev.subbit.tribuo;

import com.oracle.labs.mlrg.olcut.config.Configurable;
import com.oracle.labs.mlrg.olcut.provenance.ConfiguredObjectProvenance;
import com.oracle.labs.mlrg.olcut.provenance.ObjectProvenance;
import com.oracle.labs.mlrg.olcut.provenance.PrimitiveProvenance;
import com.oracle.labs.mlrg.olcut.provenance.Provenance;
import com.oracle.labs.mlrg.olcut.provenance.ProvenanceUtil;
import com.oracle.labs.mlrg.olcut.provenance.impl.SkeletalConfiguredObjectProvenance;
import com.oracle.labs.mlrg.olcut.provenance.primitives.HashProvenance;
import com.oracle.labs.mlrg.olcut.provenance.primitives.StringProvenance;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/**
 * Provenance of a component that is configured with a model file, such as a teacher: its
 * configuration, and the SHA-256 of the file. It lives beside the models so that a model that was
 * trained by a teacher loads where only this module is on the class path. Immutable.
 */
public final class ModelFileProvenance extends SkeletalConfiguredObjectProvenance
    implements ConfiguredObjectProvenance {

  /** Key of the hash of the file. */
  public static final String MODEL_HASH = "model-resource-hash";

  private static final long serialVersionUID = 1L;

  private final HashProvenance modelHash;

  /**
   * Describes a component and its model file as they are now. Reads the whole file for its hash.
   *
   * @param host the component.
   * @param role what the component is, such as Teacher.
   * @param model the file.
   */
  public ModelFileProvenance(Configurable host, String role, Path model) {
    this(host, role, ProvenanceUtil.hashResource(DEFAULT_HASH_TYPE, model));
  }

  /**
   * Describes a component and its model, which need not be a file.
   *
   * @param host the component.
   * @param role what the component is.
   * @param stored the bytes of the saved model.
   */
  public ModelFileProvenance(Configurable host, String role, byte[] stored) {
    this(host, role, ProvenanceUtil.hashArray(DEFAULT_HASH_TYPE, stored));
  }

  private ModelFileProvenance(Configurable host, String role, String hash) {
    super(host, role);
    this.modelHash = new HashProvenance(DEFAULT_HASH_TYPE, MODEL_HASH, hash);
  }

  /**
   * Restores a stored provenance. OLCUT calls this constructor.
   *
   * @param map the stored values.
   */
  public ModelFileProvenance(Map<String, Provenance> map) {
    this(extractProvenanceInfo(map));
  }

  private ModelFileProvenance(ExtractedInfo info) {
    super(info);
    this.modelHash = (HashProvenance) info.instanceValues.get(MODEL_HASH);
  }

  /**
   * Splits the stored values into those that were configured and those of this instance.
   *
   * @param map the stored values.
   * @return the values, separated.
   */
  protected static ExtractedInfo extractProvenanceInfo(Map<String, Provenance> map) {
    Map<String, Provenance> configured = new HashMap<>(map);
    String className = extract(configured, CLASS_NAME, StringProvenance.class).getValue();
    String hostName = extract(configured, HOST_SHORT_NAME, StringProvenance.class).getValue();
    return new ExtractedInfo(
        className,
        hostName,
        configured,
        Map.of(MODEL_HASH, extract(configured, MODEL_HASH, HashProvenance.class)));
  }

  private static <T extends Provenance> T extract(
      Map<String, Provenance> map, String key, Class<T> type) {
    return ObjectProvenance.checkAndExtractProvenance(
        map, key, type, ModelFileProvenance.class.getSimpleName());
  }

  @Override
  public Map<String, PrimitiveProvenance<?>> getInstanceValues() {
    Map<String, PrimitiveProvenance<?>> map = super.getInstanceValues();
    map.put(MODEL_HASH, modelHash);
    return map;
  }
}
