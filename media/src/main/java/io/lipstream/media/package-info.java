/**
 * What every module shares: the failure type and, in sub-packages, sound, pictures, avatars and the
 * contracts between modules.
 */
@NullMarked
package io.lipstream.media;

import org.jspecify.annotations.NullMarked;
