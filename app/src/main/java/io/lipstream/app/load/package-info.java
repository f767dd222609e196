/** Puts real sessions on a server, watches them as browsers do, and tells how well it held them. */
@NullMarked
package io.lipstream.app.load;

import org.jspecify.annotations.NullMarked;
