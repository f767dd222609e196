/** Benchmarks of encoding and writing. */
@NullMarked
package io.lipstream.benchmarks.streaming;

import org.jspecify.annotations.NullMarked;
