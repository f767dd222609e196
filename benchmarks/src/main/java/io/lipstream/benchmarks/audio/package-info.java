/** What the audio features cost. */
@NullMarked
package io.lipstream.benchmarks.audio;

import org.jspecify.annotations.NullMarked;
