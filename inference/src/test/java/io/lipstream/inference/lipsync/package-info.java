/** Tests of lip-sync on an engine. */
@NullMarked
package io.lipstream.inference.lipsync;

import org.jspecify.annotations.NullMarked;
