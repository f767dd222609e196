/** Text to speech. */
@NullMarked
package io.lipstream.speech;

import org.jspecify.annotations.NullMarked;
