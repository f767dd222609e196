package io.lipstream.streaming.rtp;

/**
 * VP8 in RTP (RFC 7741): parts of nearly equal size, each with a picture id of 15 bits.
 *
 * <p>The ids are counted here and not by the encoder, so that they stay continuous for a viewer
 * that is handed from one encoder to another: browsers take a missing id for a missing picture.
 */
final class Vp8Packetiser implements PicturePacketiser {
  private static final int DESCRIPTOR_BYTES = 4;
  private static final int PICTURE_IDS = 0x7fff;

  private byte[] picture = new byte[0];
  private int length;
  private int partBytes;
  private int at;
  private int pictureId;

  Vp8Packetiser(int firstPictureId) {
    pictureId = firstPictureId - 1;
  }

  @Override
  public void begin(byte[] newPicture, int newLength, int maxPayloadBytes) {
    picture = newPicture;
    length = newLength;
    at = 0;
    pictureId = (pictureId + 1) & PICTURE_IDS;
    int max = maxPayloadBytes - DESCRIPTOR_BYTES;
    int parts = Math.max(1, (length + max - 1) / max);
    partBytes = (length + parts - 1) / parts;
  }

  @Override
  public boolean hasNext() {
    return at < length;
  }

  @Override
  public int next(byte[] into, int offset) {
    // X: an extension follows; S: a partition starts. All partitions count as the first one, which
    // is what browsers send and expect.
    into[offset] = (byte) (at == 0 ? 0x90 : 0x80);
    into[offset + 1] = (byte) 0x80;
    BigEndian.put16(into, offset + 2, 0x8000 | pictureId);
    int bytes = Math.min(partBytes, length - at);
    System.arraycopy(picture, at, into, offset + DESCRIPTOR_BYTES, bytes);
    at += bytes;
    return DESCRIPTOR_BYTES + bytes;
  }

  @Override
  public void dropped(int pictures) {
    pictureId = (pictureId - pictures) & PICTURE_IDS;
  }
}
