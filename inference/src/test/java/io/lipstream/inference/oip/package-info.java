/** Tests of the Open Inference Protocol with clients and servers of other makers. */
@NullMarked
package io.lipstream.inference.oip;

import org.jspecify.annotations.NullMarked;
