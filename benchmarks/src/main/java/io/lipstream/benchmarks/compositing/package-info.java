/** Benchmarks of the paste and of the compositing server. */
@NullMarked
package io.lipstream.benchmarks.compositing;

import org.jspecify.annotations.NullMarked;
