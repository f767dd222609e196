/** Pictures and packets in FFmpeg's memory, for every encoder here. */
@NullMarked
package io.lipstream.streaming.ffmpeg;

import org.jspecify.annotations.NullMarked;
