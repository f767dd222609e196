/** Rendering to a file: the live pipeline with a free-running clock. */
@NullMarked
package io.lipstream.app.render;

import org.jspecify.annotations.NullMarked;
