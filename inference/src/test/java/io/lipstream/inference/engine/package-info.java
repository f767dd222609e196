/** Tests of the engine on real, tiny networks. */
@NullMarked
package io.lipstream.inference.engine;

import org.jspecify.annotations.NullMarked;
