/** What tests of the whole program need to know of the embedded voice. */
@NullMarked
package io.lipstream.speech;

import org.jspecify.annotations.NullMarked;
