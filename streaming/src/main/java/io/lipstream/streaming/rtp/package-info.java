/**
 * Pictures and sound as RTP: packets, their repair, their pace, and what the connection carries.
 *
 * <p>Plain packets only: who encrypts them and where they go is the concern of a {@link
 * io.lipstream.streaming.rtp.PacketSink}.
 */
@NullMarked
package io.lipstream.streaming.rtp;

import org.jspecify.annotations.NullMarked;
