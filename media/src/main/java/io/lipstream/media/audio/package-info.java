/** PCM in and features out: decoding, resampling, mel spectrogram, windows. */
@NullMarked
package io.lipstream.media.audio;

import org.jspecify.annotations.NullMarked;
