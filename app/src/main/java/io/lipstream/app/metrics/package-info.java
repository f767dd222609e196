/** What a server tells machines that watch it: Prometheus metrics, health, readiness. */
@NullMarked
package io.lipstream.app.metrics;

import org.jspecify.annotations.NullMarked;
