package io.lipstream.app.web;

import java.net.InetAddress;

/**
 * Addresses of the internet, in distinction from those of this machine, of private networks and for
 * special use (RFC 6890), where what somebody else names must not send us.
 */
final class PublicAddresses {
  private static final int V4_BYTES = 4;
  private static final int NAT64_V4_AT = 12;

  private PublicAddresses() {}

  static boolean contains(InetAddress address) {
    byte[] bytes = address.getAddress();
    return bytes.length == V4_BYTES ? isPublicV4(bytes, 0) : isPublicV6(bytes);
  }

  private static boolean isPublicV4(byte[] bytes, int at) {
    int net = Byte.toUnsignedInt(bytes[at]);
    int part = Byte.toUnsignedInt(bytes[at + 1]);
    int third = Byte.toUnsignedInt(bytes[at + 2]);
    return switch (net) {
      case 0, 10, 127 -> false;
      case 100 -> part < 64 || part > 127; // shared by customers of one provider
      case 169 -> part != 254; // link-local, where clouds keep their metadata
      case 172 -> part < 16 || part > 31;
      case 192 -> part != 168 && !(part == 0 && (third == 0 || third == 2));
      case 198 -> part != 18 && part != 19 && !(part == 51 && third == 100);
      case 203 -> !(part == 0 && third == 113);
      default -> net < 224; // beyond are multicast and what is reserved
    };
  }

  private static boolean isPublicV6(byte[] bytes) {
    int first = word(bytes, 0);
    int second = word(bytes, 2);
    if (first == 0x64 && second == 0xff9b) {
      return isPublicV4(bytes, NAT64_V4_AT);
    }
    boolean global = first >>> 13 == 1; // 2000::/3
    boolean special = first == 0x2001 && (second < 0x200 || second == 0xdb8);
    return global && !special && first != 0x2002; // 6to4 hides an address of version 4
  }

  private static int word(byte[] bytes, int at) {
    return Byte.toUnsignedInt(bytes[at]) << 8 | Byte.toUnsignedInt(bytes[at + 1]);
  }
}
