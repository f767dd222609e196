/** A conversation's parts: who hears, who understands, who answers, whose turn it is. */
@NullMarked
package io.lipstream.media.talk;

import org.jspecify.annotations.NullMarked;
