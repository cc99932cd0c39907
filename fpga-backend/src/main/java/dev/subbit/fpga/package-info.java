/**
 * The execution back end {@code fpga}, which runs sub-bit convolutions on a device: a board, a
 * simulation of the hardware description, or an emulator in software that is always there.
 *
 * <p>With this module on the class path, {@link dev.subbit.onnx.ExecutionBackend#named
 * ExecutionBackend.named("fpga")} finds it as a service; its settings and the devices to choose
 * from are described at {@link dev.subbit.fpga.FpgaBackend}. When a device fails, {@link
 * dev.subbit.fpga.FpgaFault#of FpgaFault.of} reads the kind of fault from the exception.
 *
 * <p>Everything here may be used from any thread. One process has one driver: sessions share its
 * devices and its counters, and requests to the same board wait for each other.
 */
package dev.subbit.fpga;
