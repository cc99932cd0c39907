package dev.subbit.tribuo.data;

import com.oracle.labs.mlrg.olcut.config.Configurable;
import com.oracle.labs.mlrg.olcut.provenance.ObjectProvenance;
import com.oracle.labs.mlrg.olcut.provenance.PrimitiveProvenance;
import com.oracle.labs.mlrg.olcut.provenance.Provenance;
import com.oracle.labs.mlrg.olcut.provenance.impl.SkeletalConfiguredObjectProvenance;
import com.oracle.labs.mlrg.olcut.provenance.primitives.DateTimeProvenance;
import com.oracle.labs.mlrg.olcut.provenance.primitives.HashProvenance;
import com.oracle.labs.mlrg.olcut.provenance.primitives.IntProvenance;
import com.oracle.labs.mlrg.olcut.provenance.primitives.StringProvenance;
import java.time.OffsetDateTime;
import java.util.HashMap;
import java.util.Map;
import org.tribuo.provenance.DataSourceProvenance;

/**
 * Provenance of images in many files: the configuration of their source, the number of images and a
 * SHA-256 that its source defines.
 */
public final class FileListProvenance extends SkeletalConfiguredObjectProvenance
    implements DataSourceProvenance {

  /** Key of the number of images. */
  public static final String IMAGES = "images";

  private static final long serialVersionUID = 1L;

  private final Map<String, PrimitiveProvenance<?>> instanceValues;

  /**
   * Describes an image source as it is now.
   *
   * @param host the source.
   * @param images its number of images.
   * @param hash its SHA-256, in hexadecimal.
   */
  FileListProvenance(Configurable host, int images, String hash) {
    super(host, "DataSource");
    this.instanceValues =
        Map.of(
            IMAGES,
            new IntProvenance(IMAGES, images),
            RESOURCE_HASH,
            new HashProvenance(DEFAULT_HASH_TYPE, RESOURCE_HASH, hash),
            DATASOURCE_CREATION_TIME,
            new DateTimeProvenance(DATASOURCE_CREATION_TIME, OffsetDateTime.now()));
  }

  /**
   * Restores a stored provenance. OLCUT calls this constructor.
   *
   * @param map the stored values.
   */
  public FileListProvenance(Map<String, Provenance> map) {
    this(extractProvenanceInfo(map));
  }

  private FileListProvenance(ExtractedInfo info) {
    super(info);
    this.instanceValues = Map.copyOf(info.instanceValues);
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
    instance.put(IMAGES, extract(configured, IMAGES, IntProvenance.class));
    instance.put(RESOURCE_HASH, extract(configured, RESOURCE_HASH, HashProvenance.class));
    instance.put(
        DATASOURCE_CREATION_TIME,
        extract(configured, DATASOURCE_CREATION_TIME, DateTimeProvenance.class));
    return new ExtractedInfo(className, hostName, configured, instance);
  }

  private static <T extends Provenance> T extract(
      Map<String, Provenance> map, String key, Class<T> type) {
    return ObjectProvenance.checkAndExtractProvenance(
        map, key, type, FileListProvenance.class.getSimpleName());
  }

  @Override
  public Map<String, PrimitiveProvenance<?>> getInstanceValues() {
    Map<String, PrimitiveProvenance<?>> map = super.getInstanceValues();
    map.putAll(instanceValues);
    return map;
  }
}
