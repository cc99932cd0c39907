package dev.subbit.tribuo;

import com.oracle.labs.mlrg.olcut.provenance.ProvenanceUtil;
import com.oracle.labs.mlrg.olcut.provenance.io.FlatMarshalledProvenance;
import com.oracle.labs.mlrg.olcut.provenance.io.ListMarshalledProvenance;
import com.oracle.labs.mlrg.olcut.provenance.io.MapMarshalledProvenance;
import com.oracle.labs.mlrg.olcut.provenance.io.ObjectMarshalledProvenance;
import com.oracle.labs.mlrg.olcut.provenance.io.SimpleMarshalledProvenance;
import com.oracle.labs.mlrg.olcut.provenance.primitives.FileProvenance;
import com.oracle.labs.mlrg.olcut.provenance.primitives.StringProvenance;
import com.oracle.labs.mlrg.olcut.provenance.primitives.URLProvenance;
import com.oracle.labs.mlrg.olcut.util.Pair;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.tribuo.provenance.ModelProvenance;

/**
 * Provenance that may travel with a model. It holds every setting, hash and time, but of a place on
 * somebody's disk only its last name: absolute paths tell where people keep their files, and often
 * what their user or machine is called.
 */
final class PortableProvenance {

  /**
   * An absolute path: the URL of a file, a drive, a share, a home folder, or a slash that does not
   * stand in the middle of a name or of another URL. Names may hold any character, so that the rest
   * of the line counts as the path.
   */
  private static final Pattern ABSOLUTE_PATH =
      Pattern.compile(
          "(?:file:/+|(?<![\\w.~/\\\\-])"
              + "(?:[A-Za-z]:[\\\\/](?!/)|\\\\\\\\(?=\\w)|~[\\w.-]*/|/(?![/\\s\\\\])))"
              + "[^\\n]*");

  private static final String FILE_URL = "file:";

  /** Values that OLCUT makes absolute whenever it writes them; their last name becomes a text. */
  private static final Set<String> MADE_ABSOLUTE =
      Set.of(FileProvenance.class.getName(), URLProvenance.class.getName());

  private PortableProvenance() {}

  /**
   * Leaves out places.
   *
   * @param provenance the whole provenance.
   * @return the same with paths shortened to their last name.
   */
  static ModelProvenance of(ModelProvenance provenance) {
    List<ObjectMarshalledProvenance> portable = new ArrayList<>();
    for (ObjectMarshalledProvenance part : ProvenanceUtil.marshalProvenance(provenance)) {
      Map<String, FlatMarshalledProvenance> values = new TreeMap<>();
      part.getMap().forEach((key, value) -> values.put(key, portable(value)));
      portable.add(
          new ObjectMarshalledProvenance(
              part.getName(), values, part.getObjectClassName(), part.getProvenanceClassName()));
    }
    return (ModelProvenance) ProvenanceUtil.unmarshalProvenance(portable);
  }

  private static FlatMarshalledProvenance portable(FlatMarshalledProvenance value) {
    if (value instanceof ListMarshalledProvenance list) {
      return new ListMarshalledProvenance(
          list.getList().stream().map(PortableProvenance::portable).toList());
    }
    if (value instanceof MapMarshalledProvenance map) {
      Map<String, FlatMarshalledProvenance> values = new TreeMap<>();
      for (Pair<String, FlatMarshalledProvenance> entry : map) {
        values.put(entry.getA(), portable(entry.getB()));
      }
      return new MapMarshalledProvenance(values);
    }
    if (value instanceof SimpleMarshalledProvenance simple && !simple.isReference()) {
      return new SimpleMarshalledProvenance(
          simple.getKey(),
          withoutPlaces(simple.getValue()),
          MADE_ABSOLUTE.contains(simple.getProvenanceClassName())
              ? StringProvenance.class.getName()
              : simple.getProvenanceClassName(),
          false,
          simple.getAdditional());
    }
    return value;
  }

  /**
   * Shortens every absolute path in a text to its last name.
   *
   * @param text the text.
   * @return the text without places.
   */
  static String withoutPlaces(String text) {
    return ABSOLUTE_PATH
        .matcher(text)
        .replaceAll(path -> Matcher.quoteReplacement(lastName(path.group())));
  }

  private static String lastName(String path) {
    String[] names = path.split("[/\\\\]+");
    String last = names.length == 0 ? "" : names[names.length - 1];
    return path.startsWith(FILE_URL) && !last.equals(FILE_URL) ? FILE_URL + last : last;
  }
}
