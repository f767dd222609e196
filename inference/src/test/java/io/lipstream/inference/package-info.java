/** Tests against the real ONNX Runtime and small networks. */
@NullMarked
package io.lipstream.inference;

import org.jspecify.annotations.NullMarked;
