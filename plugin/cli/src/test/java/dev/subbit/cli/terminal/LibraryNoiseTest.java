package dev.subbit.cli.terminal;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

class LibraryNoiseTest {

  @Test
  void notesAreLeftOutAndWarningsAreKept() {
    String written =
        """
        WARNING: All log messages before absl::InitializeLog() is called are written to STDERR
        I0000 00:00:1795921910.228039    8224 mlir_graph_optimization_pass.cc:401] MLIR V1
        2026-11-29 17:01:18.196359: E tensorflow/core/util/util.cc:131] oneDNN supports DT_UINT8 only on platforms
        2026-11-30 03:09:01.205227: E external/local_xla/xla/stream_executor/cuda/cuda_fft.cc:477] Unable to register cuFFT factory: Attempting to register factory for plugin cuFFT when one has already been registered
        E0000 00:00:1796008141.364718    2014 cuda_dnn.cc:8310] Unable to register cuDNN factory: Attempting to register factory for plugin cuDNN when one has already been registered
        W0000 00:00:1795921910.228039    8224 memory.cc:4] Allocation exceeds 10%
        out of memory
        """;
    assertEquals(
        List.of(
            "W0000 00:00:1795921910.228039    8224 memory.cc:4] Allocation exceeds 10%",
            "out of memory"),
        LibraryNoise.useful(written));
  }
}
