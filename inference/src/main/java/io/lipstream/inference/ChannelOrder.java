package io.lipstream.inference;

/** The order of a network's colour planes. */
public enum ChannelOrder {
  BGR,
  RGB;

  /** The plane that holds a channel, where channels are 0 blue, 1 green, 2 red. */
  int planeOf(int bgrChannel) {
    return this == BGR ? bgrChannel : 2 - bgrChannel;
  }
}
