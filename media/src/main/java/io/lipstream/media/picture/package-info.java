/** Pictures in memory and the kernels that crop, resize and convert them. */
@NullMarked
package io.lipstream.media.picture;

import org.jspecify.annotations.NullMarked;
