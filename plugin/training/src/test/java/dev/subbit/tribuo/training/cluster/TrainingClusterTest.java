package dev.subbit.tribuo.training.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TrainingClusterTest {

  @Test
  void anAddressIsAHostAndAPort() {
    TrainingCluster cluster = new TrainingCluster(List.of("one:4000", "[::1]:65535"), 1, 60);
    assertEquals(2, cluster.size());
    assertEquals("one", cluster.host(0));
    assertEquals(4000, cluster.port(0));
    assertEquals("[::1]", cluster.host(1));
    assertEquals(65535, cluster.port(1));
  }

  @Test
  void freePortsOfThisMachineMakeACluster() throws IOException {
    List<String> addresses = TrainingCluster.loopbackAddresses(3);
    assertEquals(3, new TrainingCluster(addresses, 2, 60).size());
    assertEquals("127.0.0.1", new TrainingCluster(addresses, 2, 60).host(2));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "one:1|0|60|at least two processes",
        "one:1,two|0|60|'two' is no address",
        "one:1,:2|0|60|':2' is no address",
        "one:1,two:0|0|60|'two:0' is no address",
        "one:1,two:65536|0|60|'two:65536' is no address",
        "one:1,one:1|0|60|the address one:1 twice",
        "one:1,two:2|2|60|no task 2 in a cluster of 2 processes: tasks are 0 to 1",
        "one:1,two:2|-1|60|no task -1",
        "one:1,two:2|0|0|time-out is 0 seconds"
      })
  void whatIsWrongIsSaid(String addresses, int rank, int seconds, String message) {
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () -> new TrainingCluster(List.of(addresses.split(",")), rank, seconds));
    assertTrue(e.getMessage().contains(message), e.getMessage());
  }
}
