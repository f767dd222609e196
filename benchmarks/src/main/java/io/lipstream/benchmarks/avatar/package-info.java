/** What keeping avatars' frames costs. */
@NullMarked
package io.lipstream.benchmarks.avatar;

import org.jspecify.annotations.NullMarked;
