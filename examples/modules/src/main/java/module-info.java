/** A program on the module path. The names of Subbit's modules are in its jars' manifests. */
module example {
  requires dev.subbit.tribuo;
  requires org.tribuo.core;
  requires org.tribuo.classification.core;
}
