/**
 * Many models for many sessions on one set of devices: catalogue, batching, eviction, admission.
 */
@NullMarked
package io.lipstream.inference.engine;

import org.jspecify.annotations.NullMarked;
