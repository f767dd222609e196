/** HTTP servers that speak OpenAI's protocol: addresses, keys, retries, errors, streams. */
@NullMarked
package io.lipstream.speech.http;

import org.jspecify.annotations.NullMarked;
