package dev.subbit.tribuo;

import com.oracle.labs.mlrg.olcut.config.PropertyException;
import java.util.Collection;

/**
 * Checks the fields of a configured component; what is not allowed becomes a {@link
 * PropertyException} that names the field, its value and what is allowed.
 *
 * @param component the component's name.
 */
record FieldCheck(String component) {

  void require(boolean condition, String field, Object value, String allowed) {
    if (!condition) {
      throw new PropertyException(
          component, field, field + " is " + value + ", allowed: " + allowed);
    }
  }

  void oneOf(String field, String value, Collection<String> allowed) {
    require(allowed.contains(value), field, value, "one of " + allowed);
  }

  void atLeast(String field, int value, int least) {
    require(value >= least, field, value, least + " and more");
  }

  void between(String field, int value, int least, int greatest) {
    require(value >= least && value <= greatest, field, value, least + " to " + greatest);
  }

  void positive(String field, double value) {
    require(value > 0 && Double.isFinite(value), field, value, "positive numbers");
  }

  void notNegative(String field, double value) {
    require(value >= 0 && Double.isFinite(value), field, value, "0 and positive numbers");
  }

  /** 0 included, 1 not. */
  void share(String field, double value) {
    require(value >= 0 && value < 1, field, value, "0 up to but not 1");
  }
}
