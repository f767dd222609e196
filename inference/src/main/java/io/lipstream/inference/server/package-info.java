/** The inference server: what the engine can do, offered over gRPC. */
@NullMarked
package io.lipstream.inference.server;

import org.jspecify.annotations.NullMarked;
