/** Live sessions: an avatar that listens, thinks and speaks to those who watch it. */
@NullMarked
package io.lipstream.app.live;

import org.jspecify.annotations.NullMarked;
