/** The contracts through which app connects speech, inference, compositing and streaming. */
@NullMarked
package io.lipstream.media.lipsync;

import org.jspecify.annotations.NullMarked;
