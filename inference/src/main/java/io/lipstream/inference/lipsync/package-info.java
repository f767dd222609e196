/** Lip-sync on an engine: an avatar's frames in, pictures of its mouth out. */
@NullMarked
package io.lipstream.inference.lipsync;

import org.jspecify.annotations.NullMarked;
