/** Frame planning and the paste of the mouth. */
@NullMarked
package io.lipstream.compositing;

import org.jspecify.annotations.NullMarked;
