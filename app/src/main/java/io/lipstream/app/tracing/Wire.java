package io.lipstream.app.tracing;

import io.grpc.Metadata;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.propagation.TextMapGetter;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A trace's identity in a call's metadata, as the W3C writes it: traceparent and tracestate. */
final class Wire {
  static final AttributeKey<String> SYSTEM = AttributeKey.stringKey("rpc.system");
  static final AttributeKey<String> SERVICE = AttributeKey.stringKey("rpc.service");
  static final AttributeKey<String> METHOD = AttributeKey.stringKey("rpc.method");
  static final AttributeKey<Long> CODE = AttributeKey.longKey("rpc.grpc.status_code");

  private static final W3CTraceContextPropagator FORMAT = W3CTraceContextPropagator.getInstance();

  private static final TextMapGetter<Metadata> GETTER =
      new TextMapGetter<>() {
        @Override
        public Iterable<String> keys(Metadata headers) {
          return List.copyOf(headers.keys());
        }

        @Override
        public @Nullable String get(@Nullable Metadata headers, String key) {
          return headers == null ? null : headers.get(key(key));
        }
      };

  private Wire() {}

  private static Metadata.Key<String> key(String name) {
    return Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER);
  }

  static Context read(Metadata headers) {
    return FORMAT.extract(Context.root(), headers, GETTER);
  }

  static void write(Context context, Metadata headers) {
    FORMAT.inject(
        context,
        headers,
        (carrier, name, value) -> {
          if (carrier != null) {
            carrier.discardAll(key(name));
            carrier.put(key(name), value);
          }
        });
  }
}
