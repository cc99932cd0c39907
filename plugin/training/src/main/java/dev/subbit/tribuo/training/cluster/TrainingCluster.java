package dev.subbit.tribuo.training.cluster;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The processes that make one training together, and which of them this one is. Every process
 * computes with its own slice of each batch; the process of rank 0 writes the checkpoints.
 * Immutable.
 *
 * <p>The processes talk over plain TCP, neither encrypted nor authenticated: anybody who can reach
 * a port can read the training and change it. Use networks that nobody else can reach.
 *
 * @param addresses {@code host:port} of every process, in the same order in all of them; at least
 *     two, all different. A process listens at its own address.
 * @param rank the place of this process in the list, 0 for the first.
 * @param timeoutSeconds how long a process waits for the others, at the start and in every step, at
 *     least 1. A process that takes longer counts as lost, and the training ends.
 */
public record TrainingCluster(List<String> addresses, int rank, int timeoutSeconds) {

  private static final int LARGEST_PORT = 65535;

  // Checks everything here, so that messages come before the network is used.
  public TrainingCluster {
    addresses = List.copyOf(addresses);
    if (addresses.size() < 2) {
      throw new IllegalArgumentException(
          "A cluster needs the addresses of at least two processes, found " + addresses);
    }
    Set<String> seen = new HashSet<>();
    for (String address : addresses) {
      if (!isAddress(address)) {
        throw new IllegalArgumentException(
            "'" + address + "' is no address of a process: write host:port, such as 10.0.0.1:4000");
      }
      if (!seen.add(address)) {
        throw new IllegalArgumentException(
            "The cluster has the address " + address + " twice; each process needs its own");
      }
    }
    if (rank < 0 || rank >= addresses.size()) {
      throw new IllegalArgumentException(
          "There is no task "
              + rank
              + " in a cluster of "
              + addresses.size()
              + " processes: tasks are 0 to "
              + (addresses.size() - 1));
    }
    if (timeoutSeconds < 1) {
      throw new IllegalArgumentException(
          "The cluster's time-out is " + timeoutSeconds + " seconds; it must be at least 1");
    }
  }

  /**
   * Finds addresses for processes on this machine, which other machines cannot reach.
   *
   * @param count number of processes.
   * @return as many addresses of the loopback device, whose ports were free just now.
   * @throws IOException if there are no free ports.
   */
  public static List<String> loopbackAddresses(int count) throws IOException {
    List<ServerSocket> sockets = new ArrayList<>();
    try {
      for (int task = 0; task < count; task++) {
        sockets.add(new ServerSocket(0, 1, InetAddress.getLoopbackAddress()));
      }
      return sockets.stream().map(socket -> "127.0.0.1:" + socket.getLocalPort()).toList();
    } finally {
      for (ServerSocket socket : sockets) {
        socket.close();
      }
    }
  }

  private static boolean isAddress(String address) {
    int colon = address.lastIndexOf(':');
    if (colon < 1 || !address.substring(colon + 1).matches("[0-9]{1,5}")) {
      return false;
    }
    int port = Integer.parseInt(address.substring(colon + 1));
    return port > 0 && port <= LARGEST_PORT;
  }

  /**
   * Number of processes.
   *
   * @return at least 2.
   */
  public int size() {
    return addresses.size();
  }

  /**
   * The name of the machine of a process.
   *
   * @param rank the process.
   * @return its address without the port.
   */
  public String host(int rank) {
    String address = addresses.get(rank);
    return address.substring(0, address.lastIndexOf(':'));
  }

  /**
   * The port of a process.
   *
   * @param rank the process.
   * @return 1 to 65535.
   */
  public int port(int rank) {
    String address = addresses.get(rank);
    return Integer.parseInt(address.substring(address.lastIndexOf(':') + 1));
  }
}
