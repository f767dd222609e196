/** ONNX Runtime behind the lip-sync contracts. */
@NullMarked
package io.lipstream.inference;

import org.jspecify.annotations.NullMarked;
