package io.lipstream.streaming.rtp;

import java.util.Arrays;

/**
 * H.264 in RTP, packetization mode 1 (RFC 6184): one NAL unit a packet, parameter sets together,
 * large units in fragments of nearly equal size.
 */
final class H264Packetiser implements PicturePacketiser {
  static final int TYPE_MASK = 31;
  static final int IDR = 5;
  static final int SEI = 6;
  static final int SPS = 7;
  static final int PPS = 8;
  static final int DELIMITER = 9;
  static final int FILLER = 12;
  static final int STAP_A = 24;
  static final int FU_A = 28;

  private byte[] picture = new byte[0];
  private int maxPayloadBytes;
  private int[] starts = new int[16];
  private int[] ends = new int[16];
  private int units;
  private int unit;
  private int fragmentAt;
  private int fragmentBytes;

  @Override
  public void begin(byte[] newPicture, int length, int newMaxPayloadBytes) {
    picture = newPicture;
    maxPayloadBytes = newMaxPayloadBytes;
    units = 0;
    unit = 0;
    fragmentAt = 0;
    int start = -1;
    int i = 0;
    while (i + 2 < length) {
      if ((picture[i + 2] & 0xff) > 1) {
        i += 3; // no start code can hold this byte
      } else if (picture[i] == 0 && picture[i + 1] == 0 && picture[i + 2] == 1) {
        add(start, i);
        start = i + 3;
        i += 3;
      } else {
        i++;
      }
    }
    add(start, length);
  }

  private void add(int start, int end) {
    int last = end;
    while (last > start && start >= 0 && picture[last - 1] == 0) {
      last--; // zeros after a unit belong to no unit
    }
    if (start < 0 || last == start) {
      return;
    }
    int type = picture[start] & TYPE_MASK;
    if (type == DELIMITER || type == FILLER) {
      return;
    }
    if (units == starts.length) {
      starts = Arrays.copyOf(starts, 2 * units);
      ends = Arrays.copyOf(ends, 2 * units);
    }
    starts[units] = start;
    ends[units++] = last;
  }

  @Override
  public boolean hasNext() {
    return unit < units;
  }

  @Override
  public int next(byte[] into, int offset) {
    int bytes = ends[unit] - starts[unit];
    if (bytes > maxPayloadBytes) {
      return fragment(into, offset);
    }
    int together = parameterSetsThatFit();
    if (together > 1) {
      return aggregate(into, offset, together);
    }
    System.arraycopy(picture, starts[unit++], into, offset, bytes);
    return bytes;
  }

  private int parameterSetsThatFit() {
    int payload = 1;
    int count = 0;
    while (unit + count < units) {
      int type = picture[starts[unit + count]] & TYPE_MASK;
      payload += 2 + ends[unit + count] - starts[unit + count];
      if (type < SEI || type > PPS || payload > maxPayloadBytes) {
        break;
      }
      count++;
    }
    return count;
  }

  private int aggregate(byte[] into, int offset, int count) {
    int at = offset + 1;
    int importance = 0;
    for (int i = 0; i < count; i++, unit++) {
      int bytes = ends[unit] - starts[unit];
      importance = Math.max(importance, picture[starts[unit]] & 0x60);
      BigEndian.put16(into, at, bytes);
      System.arraycopy(picture, starts[unit], into, at + 2, bytes);
      at += 2 + bytes;
    }
    into[offset] = (byte) (importance | STAP_A);
    return at - offset;
  }

  private int fragment(byte[] into, int offset) {
    int header = picture[starts[unit]];
    int first = starts[unit] + 1;
    int end = ends[unit];
    if (fragmentAt == 0) {
      int max = maxPayloadBytes - 2;
      int parts = (end - first + max - 1) / max;
      fragmentBytes = (end - first + parts - 1) / parts;
      fragmentAt = first;
    }
    int bytes = Math.min(fragmentBytes, end - fragmentAt);
    boolean last = fragmentAt + bytes == end;
    into[offset] = (byte) ((header & 0xe0) | FU_A);
    into[offset + 1] =
        (byte) ((fragmentAt == first ? 0x80 : 0) | (last ? 0x40 : 0) | (header & TYPE_MASK));
    System.arraycopy(picture, fragmentAt, into, offset + 2, bytes);
    fragmentAt += bytes;
    if (last) {
      fragmentAt = 0;
      unit++;
    }
    return 2 + bytes;
  }

  @Override
  public void dropped(int pictures) {
    // nothing in a packet counts pictures
  }
}
