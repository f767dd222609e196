/** Tests of the client against servers that come and go. */
@NullMarked
package io.lipstream.inference.client;

import org.jspecify.annotations.NullMarked;
