/**
 * The Open Inference Protocol, both ways: the engine as its server, and its servers as an engine.
 */
@NullMarked
package io.lipstream.inference.oip;

import org.jspecify.annotations.NullMarked;
