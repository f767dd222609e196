/** Avatar packages: manifest, frames, crop rectangles, frame order. */
@NullMarked
package io.lipstream.media.avatar;

import org.jspecify.annotations.NullMarked;
