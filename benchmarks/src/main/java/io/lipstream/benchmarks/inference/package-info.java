/** What the networks cost, and what Lipstream adds to them. */
@NullMarked
package io.lipstream.benchmarks.inference;

import org.jspecify.annotations.NullMarked;
