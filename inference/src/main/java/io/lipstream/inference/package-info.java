/** The avatar's networks behind the lip-sync contracts, run by ONNX Runtime. */
@NullMarked
package io.lipstream.inference;

import org.jspecify.annotations.NullMarked;
