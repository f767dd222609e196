/** The page and the HTTP interface of live sessions. */
@NullMarked
package io.lipstream.app.web;

import org.jspecify.annotations.NullMarked;
