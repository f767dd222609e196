/** What is done when more is asked of a server than it can do at its best. */
@NullMarked
package io.lipstream.app.quality;

import org.jspecify.annotations.NullMarked;
