/** Measured runs. */
@NullMarked
package io.lipstream.benchmarks;

import org.jspecify.annotations.NullMarked;
