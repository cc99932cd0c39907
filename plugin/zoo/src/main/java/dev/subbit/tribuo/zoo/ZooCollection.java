package dev.subbit.tribuo.zoo;

import dev.subbit.tribuo.ModelCollection;
import java.io.InputStream;
import java.util.List;
import java.util.Optional;

/** The zoo, for modules that find it on the classpath. */
public final class ZooCollection implements ModelCollection {

  /** For {@link java.util.ServiceLoader}. */
  public ZooCollection() {}

  @Override
  public String name() {
    return "zoo";
  }

  @Override
  public List<String> models() {
    return Zoo.models().stream().map(ZooModel::name).toList();
  }

  @Override
  public Optional<InputStream> open(String model) {
    return Zoo.find(model).map(ZooModel::open);
  }
}
