/** Tests of the services over real sockets, on an engine that shows what it was given. */
@NullMarked
package io.lipstream.inference.server;

import org.jspecify.annotations.NullMarked;
