/** Language models: a server's and the small scripted companion. */
@NullMarked
package io.lipstream.speech.chat;

import org.jspecify.annotations.NullMarked;
