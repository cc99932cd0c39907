package dev.subbit.tribuo.training.recipe;

import com.oracle.labs.mlrg.olcut.config.Config;
import com.oracle.labs.mlrg.olcut.config.Configurable;
import com.oracle.labs.mlrg.olcut.config.PropertyException;
import com.oracle.labs.mlrg.olcut.provenance.ConfiguredObjectProvenance;
import com.oracle.labs.mlrg.olcut.provenance.Provenancable;
import com.oracle.labs.mlrg.olcut.provenance.impl.ConfiguredObjectProvenanceImpl;
import dev.subbit.tribuo.config.FieldCheck;
import dev.subbit.tribuo.network.ImageShape;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Mixes the images of a batch in pairs, and their targets with them: by blending (mixup), or by
 * exchanging a rectangle (CutMix). Where both are set, every batch is mixed by one of them, each as
 * often as the other. All pairs of a batch are mixed by the same share.
 *
 * <p>Configured by OLCUT, or made in code. Immutable, and safe for use by many threads.
 *
 * <p>Sources: Zhang et al., "mixup: Beyond Empirical Risk Minimization", ICLR 2018; Yun et al.,
 * "CutMix: Regularization Strategy to Train Strong Classifiers with Localizable Features", ICCV
 * 2019.
 */
public final class Mixing implements Configurable, Provenancable<ConfiguredObjectProvenance> {

  @Config(
      description =
          "Alpha of mixup, from 0 (off) to 1: the share of an image is drawn from Beta(alpha,"
              + " alpha), evenly at 1, and nearer to 0 or 1 the smaller alpha is.")
  private double mixup = 0;

  @Config(description = "Alpha of CutMix, from 0 (off) to 1: likewise, of the area that stays.")
  private double cutmix = 0;

  @Config(description = "Share of the batches that are mixed, above 0 to 1.")
  private double probability = 1;

  /** For OLCUT, which fills in the configured fields. */
  private Mixing() {}

  /**
   * Makes a mixing.
   *
   * @param mixup alpha of mixup, 0 to 1; 0 for none.
   * @param cutmix alpha of CutMix, 0 to 1; 0 for none.
   * @param probability share of the batches that are mixed, above 0 to 1.
   * @throws PropertyException if a value is not allowed.
   */
  public Mixing(double mixup, double cutmix, double probability) {
    this.mixup = mixup;
    this.cutmix = cutmix;
    this.probability = probability;
    postConfig();
  }

  /**
   * Used by the OLCUT configuration system, and should not be called by external code.
   *
   * @throws PropertyException if a field's value is not allowed, naming both.
   */
  @Override
  public void postConfig() {
    FieldCheck check = new FieldCheck("Mixing");
    check.require(mixup >= 0 && mixup <= 1, "mixup", mixup, "0 to 1");
    check.require(cutmix >= 0 && cutmix <= 1, "cutmix", cutmix, "0 to 1");
    check.require(
        mixup > 0 || cutmix > 0, "mixup", mixup, "above 0 where cutmix is 0; or leave Mixing out");
    check.require(probability > 0 && probability <= 1, "probability", probability, "above 0 to 1");
  }

  /**
   * How a batch was mixed.
   *
   * @param partners the image that each image was mixed with; its own number for one that was not.
   * @param own the share of the target that stays the image's own, 0 to 1; the partner's class has
   *     the rest.
   */
  public record Mixed(int[] partners, float own) {}

  /**
   * Mixes the images of a batch in place. Of an odd number, one stays as it is.
   *
   * @param shape the shape of the images.
   * @param pixels the images, one after the other.
   * @param rng the generator that the choices are drawn from.
   * @return how they were mixed.
   */
  public Mixed apply(ImageShape shape, float[] pixels, SplittableRandom rng) {
    int images = pixels.length / shape.size();
    int[] partners = new int[images];
    Arrays.setAll(partners, i -> i);
    if (rng.nextDouble() >= probability) {
      return new Mixed(partners, 1);
    }
    int[] order = partners.clone();
    for (int i = images - 1; i > 0; i--) {
      int j = rng.nextInt(i + 1);
      int drawn = order[j];
      order[j] = order[i];
      order[i] = drawn;
    }
    for (int i = 0; i + 1 < images; i += 2) {
      partners[order[i]] = order[i + 1];
      partners[order[i + 1]] = order[i];
    }
    boolean blends = cutmix == 0 || (mixup > 0 && rng.nextBoolean());
    return new Mixed(
        partners, blends ? blend(shape, pixels, partners, rng) : cut(shape, pixels, partners, rng));
  }

  private float blend(ImageShape shape, float[] pixels, int[] partners, SplittableRandom rng) {
    float own = (float) beta(mixup, rng);
    for (int image = 0; image < partners.length; image++) {
      if (partners[image] > image) {
        int first = image * shape.size();
        int second = partners[image] * shape.size();
        for (int i = 0; i < shape.size(); i++) {
          float a = pixels[first + i];
          float b = pixels[second + i];
          pixels[first + i] = own * a + (1 - own) * b;
          pixels[second + i] = own * b + (1 - own) * a;
        }
      }
    }
    return own;
  }

  /** The rectangle has the image's aspect, and is cut off where it would leave the image. */
  private float cut(ImageShape shape, float[] pixels, int[] partners, SplittableRandom rng) {
    double side = Math.sqrt(1 - beta(cutmix, rng));
    int height = (int) (shape.height() * side);
    int width = (int) (shape.width() * side);
    int y = rng.nextInt(shape.height());
    int x = rng.nextInt(shape.width());
    int top = Math.max(0, y - height / 2);
    int left = Math.max(0, x - width / 2);
    int bottom = Math.min(shape.height(), y - height / 2 + height);
    int right = Math.min(shape.width(), x - width / 2 + width);
    for (int image = 0; image < partners.length; image++) {
      if (partners[image] > image) {
        exchange(shape, pixels, image, partners[image], top, left, bottom, right);
      }
    }
    double cut = (double) (bottom - top) * (right - left);
    return (float) (1 - cut / (shape.height() * shape.width()));
  }

  private static void exchange(
      ImageShape shape,
      float[] pixels,
      int image,
      int partner,
      int top,
      int left,
      int bottom,
      int right) {
    for (int channel = 0; channel < shape.channels(); channel++) {
      for (int y = top; y < bottom; y++) {
        int row = (channel * shape.height() + y) * shape.width();
        for (int x = left; x < right; x++) {
          int first = image * shape.size() + row + x;
          int second = partner * shape.size() + row + x;
          float pixel = pixels[first];
          pixels[first] = pixels[second];
          pixels[second] = pixel;
        }
      }
    }
  }

  /**
   * Draws from Beta(alpha, alpha) by the method of Joehnk, with logarithms: powers of small alpha
   * would vanish.
   */
  private static double beta(double alpha, SplittableRandom rng) {
    while (true) {
      // 1 - nextDouble() is never 0.
      double x = StrictMath.log(1 - rng.nextDouble()) / alpha;
      double y = StrictMath.log(1 - rng.nextDouble()) / alpha;
      double larger = Math.max(x, y);
      double sum = StrictMath.exp(x - larger) + StrictMath.exp(y - larger);
      if (larger + StrictMath.log(sum) <= 0) {
        return StrictMath.exp(x - larger) / sum;
      }
    }
  }

  @Override
  public ConfiguredObjectProvenance getProvenance() {
    return new ConfiguredObjectProvenanceImpl(this, "Mixing");
  }

  @Override
  public String toString() {
    return "Mixing(mixup=" + mixup + ",cutmix=" + cutmix + ",probability=" + probability + ")";
  }
}
