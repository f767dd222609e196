/** Encodes still pictures: JPEG and PNG, only what changed since a known background. */
@NullMarked
package io.lipstream.streaming.still;

import org.jspecify.annotations.NullMarked;
