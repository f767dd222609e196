/** Encoding into files. */
@NullMarked
package io.lipstream.streaming.file;

import org.jspecify.annotations.NullMarked;
