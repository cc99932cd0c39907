package dev.subbit.tribuo.stored;

import dev.subbit.tribuo.data.Inversion;
import dev.subbit.tribuo.data.PicturePreparation;
import dev.subbit.tribuo.network.ImageShape;
import dev.subbit.tribuo.protos.InversionProto;
import dev.subbit.tribuo.protos.PicturePreparationProto;

/** The stored form of a {@link PicturePreparation}. */
public final class PreparationCodec {

  private PreparationCodec() {}

  /**
   * Writes a preparation.
   *
   * @param preparation the preparation.
   * @return its stored form.
   */
  public static PicturePreparationProto encode(PicturePreparation preparation) {
    return PicturePreparationProto.newBuilder()
        .setShorterSide(preparation.shorterSide())
        .setInversion(
            switch (preparation.inversion()) {
              case NEVER -> InversionProto.NEVER;
              case ALWAYS -> InversionProto.ALWAYS;
              case AUTO -> InversionProto.AUTO;
            })
        .build();
  }

  /**
   * Reads a preparation; the stored form is not trusted.
   *
   * @param stored the stored form.
   * @param shape the shape of the network's images.
   * @return the preparation.
   * @throws IllegalArgumentException if the stored form is damaged.
   */
  public static PicturePreparation decode(PicturePreparationProto stored, ImageShape shape) {
    Inversion inversion =
        switch (stored.getInversion()) {
          case NEVER -> Inversion.NEVER;
          case ALWAYS -> Inversion.ALWAYS;
          case AUTO -> Inversion.AUTO;
          case UNRECOGNIZED ->
              throw new IllegalArgumentException(
                  "The preparation's inversion is " + stored.getInversionValue());
        };
    return new PicturePreparation(shape, stored.getShorterSide(), inversion);
  }
}
