package dev.subbit.tribuo.config;

import com.oracle.labs.mlrg.olcut.config.PropertyException;
import java.util.Collection;

/**
 * Checks the fields of a configured component; what is not allowed becomes a {@link
 * PropertyException} that names the field, its value and what is allowed.
 *
 * @param component the component's name.
 */
public record FieldCheck(String component) {

  /**
   * Checks a condition of any kind.
   *
   * @param condition whether the value is allowed.
   * @param field the field.
   * @param value its value.
   * @param allowed what is allowed, in words.
   * @throws PropertyException if it is not.
   */
  public void require(boolean condition, String field, Object value, String allowed) {
    if (!condition) {
      throw new PropertyException(
          component, field, field + " is " + value + ", allowed: " + allowed);
    }
  }

  /**
   * Checks that a value is one of a few allowed ones.
   *
   * @param field the field.
   * @param value its value.
   * @param allowed what is allowed.
   * @throws PropertyException if it is none of them.
   */
  public void oneOf(String field, String value, Collection<String> allowed) {
    require(allowed.contains(value), field, value, "one of " + allowed);
  }

  /**
   * Checks that a value is not below a lower bound.
   *
   * @param field the field.
   * @param value its value.
   * @param least the least value allowed.
   * @throws PropertyException if it is less.
   */
  public void atLeast(String field, int value, int least) {
    require(value >= least, field, value, least + " and more");
  }

  /**
   * Checks that a value lies between two bounds.
   *
   * @param field the field.
   * @param value its value.
   * @param least the least value allowed.
   * @param greatest the greatest value allowed.
   * @throws PropertyException if it is outside.
   */
  public void between(String field, int value, int least, int greatest) {
    require(value >= least && value <= greatest, field, value, least + " to " + greatest);
  }

  /**
   * Checks that a number is finite and greater than 0.
   *
   * @param field the field.
   * @param value its value.
   * @throws PropertyException if it is not.
   */
  public void positive(String field, double value) {
    require(value > 0 && Double.isFinite(value), field, value, "positive numbers");
  }

  /**
   * Checks that a number is finite and not less than 0.
   *
   * @param field the field.
   * @param value its value.
   * @throws PropertyException if it is not.
   */
  public void notNegative(String field, double value) {
    require(value >= 0 && Double.isFinite(value), field, value, "0 and positive numbers");
  }

  /**
   * Checks that a number is a share of a whole that leaves something: 0 included, 1 not.
   *
   * @param field the field.
   * @param value its value.
   * @throws PropertyException if it is not.
   */
  public void share(String field, double value) {
    require(value >= 0 && value < 1, field, value, "0 up to but not 1");
  }
}
