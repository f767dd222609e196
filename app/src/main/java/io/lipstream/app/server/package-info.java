/** The inference role: wires engine, services, metrics and logs, and takes them down in order. */
@NullMarked
package io.lipstream.app.server;

import org.jspecify.annotations.NullMarked;
