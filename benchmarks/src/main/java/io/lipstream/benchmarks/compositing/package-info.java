/** Benchmarks of the paste. */
@NullMarked
package io.lipstream.benchmarks.compositing;

import org.jspecify.annotations.NullMarked;
