/** The calls that front ends written for LiveTalking make. */
@NullMarked
package io.lipstream.app.livetalking;

import org.jspecify.annotations.NullMarked;
