/** Measured runs of the whole server, watched by peers of our own over loopback. */
@NullMarked
package io.lipstream.benchmarks.live;

import org.jspecify.annotations.NullMarked;
