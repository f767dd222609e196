/** Speech recognisers: PocketSphinx on this machine and servers. */
@NullMarked
package io.lipstream.speech.recognition;

import org.jspecify.annotations.NullMarked;
