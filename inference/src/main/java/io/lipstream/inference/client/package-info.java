/** The way to an inference server elsewhere. */
@NullMarked
package io.lipstream.inference.client;

import org.jspecify.annotations.NullMarked;
