package io.lipstream.streaming.webrtc;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** An address that a side can be reached at (RFC 8839, section 5.1). */
record Candidate(InetSocketAddress address, boolean tcp) {
  private static final Pattern LINE =
      Pattern.compile(
          "\\S{1,32} 1 (udp|tcp) [0-9]{1,10} ([0-9.]{7,15}|[0-9A-Fa-f:.]{2,45}) ([0-9]{1,5}) typ"
              + " [a-z]+(.*)",
          Pattern.CASE_INSENSITIVE);

  /** Host candidates prefer UDP, then the order of the list (RFC 8445, section 5.1.2). */
  private static final long HOST_PREFERENCE = 126L << 24;

  /**
   * Reads the value of an {@code a=candidate} line; null for one that we cannot call: a name that
   * only multicast DNS knows, an active TCP one, a second component.
   */
  static @Nullable Candidate parse(String value) {
    Matcher matcher = LINE.matcher(value);
    if (!matcher.matches()) {
      return null;
    }
    boolean tcp = matcher.group(1).equalsIgnoreCase("tcp");
    int port = Integer.parseInt(matcher.group(3));
    if (port == 0 || port > 65_535) {
      return null;
    }
    if (tcp && !matcher.group(4).contains("tcptype passive")) {
      return null;
    }
    try {
      // Only digits, dots and colons come this far, so nothing is looked up.
      return new Candidate(
          new InetSocketAddress(InetAddress.ofLiteral(matcher.group(2)), port), tcp);
    } catch (IllegalArgumentException e) {
      return null;
    }
  }

  /** The value of the {@code a=candidate} line; the rank is the place in the list. */
  String line(int rank) {
    long preference = HOST_PREFERENCE | (tcp ? 0x7FFF - rank : 0xFFFF - rank) << 8 | 255;
    String literal = address.getAddress().getHostAddress().replaceAll("%.*", "");
    return "%d 1 %s %d %s %d typ host%s"
        .formatted(
            rank + 1,
            tcp ? "tcp" : "udp",
            preference,
            literal,
            address.getPort(),
            tcp ? " tcptype passive" : "");
  }

  /** One for each address over UDP, and over TCP where that is on. */
  static List<Candidate> of(List<InetAddress> addresses, int port, boolean tcp) {
    List<Candidate> candidates = new ArrayList<>();
    for (InetAddress address : addresses) {
      candidates.add(new Candidate(new InetSocketAddress(address, port), false));
    }
    if (tcp) {
      for (InetAddress address : addresses) {
        candidates.add(new Candidate(new InetSocketAddress(address, port), true));
      }
    }
    return candidates;
  }

  /** This machine's addresses that others can call, the loopback ones last. */
  static List<InetAddress> local() {
    List<InetAddress> addresses = new ArrayList<>();
    List<InetAddress> loopback = new ArrayList<>();
    try {
      for (NetworkInterface device : Collections.list(NetworkInterface.getNetworkInterfaces())) {
        if (!device.isUp()) {
          continue;
        }
        for (InetAddress address : Collections.list(device.getInetAddresses())) {
          if (address.isLoopbackAddress()) {
            loopback.add(withoutScope(address));
          } else if (!address.isLinkLocalAddress() && !address.isMulticastAddress()) {
            addresses.add(withoutScope(address));
          }
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot list this machine's network addresses", e);
    }
    addresses.addAll(loopback);
    return addresses;
  }

  private static InetAddress withoutScope(InetAddress address) throws UnknownHostException {
    return address instanceof Inet6Address
        ? InetAddress.getByAddress(address.getAddress())
        : address;
  }
}
