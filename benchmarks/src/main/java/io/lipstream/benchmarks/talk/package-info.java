/** What listening to people costs. */
@NullMarked
package io.lipstream.benchmarks.talk;

import org.jspecify.annotations.NullMarked;
