/** The command line and its wiring. */
@NullMarked
package io.lipstream.app;

import org.jspecify.annotations.NullMarked;
