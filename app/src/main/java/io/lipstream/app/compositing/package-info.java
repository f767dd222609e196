/** The compositing services: sound in, finished pictures out, for programs. */
@NullMarked
package io.lipstream.app.compositing;

import org.jspecify.annotations.NullMarked;
