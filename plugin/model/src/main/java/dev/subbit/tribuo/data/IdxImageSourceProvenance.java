package dev.subbit.tribuo.data;

import com.oracle.labs.mlrg.olcut.provenance.ObjectProvenance;
import com.oracle.labs.mlrg.olcut.provenance.PrimitiveProvenance;
import com.oracle.labs.mlrg.olcut.provenance.Provenance;
import com.oracle.labs.mlrg.olcut.provenance.ProvenanceUtil;
import com.oracle.labs.mlrg.olcut.provenance.impl.SkeletalConfiguredObjectProvenance;
import com.oracle.labs.mlrg.olcut.provenance.primitives.DateTimeProvenance;
import com.oracle.labs.mlrg.olcut.provenance.primitives.HashProvenance;
import com.oracle.labs.mlrg.olcut.provenance.primitives.StringProvenance;
import java.nio.file.Path;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.tribuo.provenance.DataSourceProvenance;

/**
 * Provenance of images in IDX files: the configuration of an {@link IdxImageSource}, with the
 * SHA-256 and modification time of both files.
 */
public final class IdxImageSourceProvenance extends SkeletalConfiguredObjectProvenance
    implements DataSourceProvenance {

  /** Key of the time the file of images was changed. */
  public static final String IMAGES_MODIFIED_TIME = "images-file-modified-time";

  /** Key of the time the file of labels was changed. */
  public static final String LABELS_MODIFIED_TIME = "labels-file-modified-time";

  /** Key of the hash of the file of images. */
  public static final String IMAGES_HASH = "images-resource-hash";

  /** Key of the hash of the file of labels. */
  public static final String LABELS_HASH = "labels-resource-hash";

  private static final long serialVersionUID = 1L;

  private static final List<String> TIMES =
      List.of(IMAGES_MODIFIED_TIME, LABELS_MODIFIED_TIME, DATASOURCE_CREATION_TIME);
  private static final List<String> HASHES = List.of(IMAGES_HASH, LABELS_HASH);

  private final Map<String, PrimitiveProvenance<?>> instanceValues;

  IdxImageSourceProvenance(IdxImageSource host) {
    super(host, "DataSource");
    this.instanceValues =
        Map.of(
            IMAGES_MODIFIED_TIME, modified(IMAGES_MODIFIED_TIME, host.imagesPath()),
            LABELS_MODIFIED_TIME, modified(LABELS_MODIFIED_TIME, host.labelsPath()),
            DATASOURCE_CREATION_TIME,
                new DateTimeProvenance(DATASOURCE_CREATION_TIME, OffsetDateTime.now()),
            IMAGES_HASH, hash(IMAGES_HASH, host.imagesPath()),
            LABELS_HASH, hash(LABELS_HASH, host.labelsPath()));
  }

  /**
   * Restores a stored provenance. OLCUT calls this constructor.
   *
   * @param map the stored values.
   */
  public IdxImageSourceProvenance(Map<String, Provenance> map) {
    this(extractProvenanceInfo(map));
  }

  private IdxImageSourceProvenance(ExtractedInfo info) {
    super(info);
    this.instanceValues = Map.copyOf(info.instanceValues);
  }

  private static DateTimeProvenance modified(String key, Path path) {
    Instant time = Instant.ofEpochMilli(path.toFile().lastModified());
    return new DateTimeProvenance(key, OffsetDateTime.ofInstant(time, ZoneId.systemDefault()));
  }

  private static HashProvenance hash(String key, Path path) {
    return new HashProvenance(
        DEFAULT_HASH_TYPE, key, ProvenanceUtil.hashResource(DEFAULT_HASH_TYPE, path));
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
    Map<String, PrimitiveProvenance<?>> instance = new HashMap<>();
    TIMES.forEach(key -> instance.put(key, extract(configured, key, DateTimeProvenance.class)));
    HASHES.forEach(key -> instance.put(key, extract(configured, key, HashProvenance.class)));
    return new ExtractedInfo(className, hostName, configured, instance);
  }

  private static <T extends Provenance> T extract(
      Map<String, Provenance> map, String key, Class<T> type) {
    return ObjectProvenance.checkAndExtractProvenance(
        map, key, type, IdxImageSourceProvenance.class.getSimpleName());
  }

  @Override
  public Map<String, PrimitiveProvenance<?>> getInstanceValues() {
    Map<String, PrimitiveProvenance<?>> map = super.getInstanceValues();
    map.putAll(instanceValues);
    return map;
  }
}
