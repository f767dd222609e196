/** What a server writes about its work: lines for people or for machines. */
@NullMarked
package io.lipstream.app.log;

import org.jspecify.annotations.NullMarked;
