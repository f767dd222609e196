/**
 * WebRTC with browsers in plain Java: SDP, ICE-lite over UDP and TCP, DTLS and SRTP on one port.
 */
@NullMarked
package io.lipstream.streaming.webrtc;

import org.jspecify.annotations.NullMarked;
