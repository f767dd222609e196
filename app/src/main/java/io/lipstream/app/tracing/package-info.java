/** OpenTelemetry spans of calls, which follow a request over the wire. */
@NullMarked
package io.lipstream.app.tracing;

import org.jspecify.annotations.NullMarked;
