/** Encoding of live pictures and sound, and their fan-out to viewers. */
@NullMarked
package io.lipstream.streaming.live;

import org.jspecify.annotations.NullMarked;
