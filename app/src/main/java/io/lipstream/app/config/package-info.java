/** The configuration file of the servers: one record for each component, bound by name. */
@NullMarked
package io.lipstream.app.config;

import org.jspecify.annotations.NullMarked;
