package io.lipstream.app.server;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import java.util.function.Consumer;

/** Meters of Java and the process, which every server has. */
final class ProcessMeters {
  private ProcessMeters() {}

  /**
   * Adds them.
   *
   * @param keep given what must be closed before the registry
   */
  static void bind(MeterRegistry registry, Consumer<AutoCloseable> keep) {
    new JvmMemoryMetrics().bindTo(registry);
    JvmGcMetrics collector = new JvmGcMetrics();
    keep.accept(collector);
    collector.bindTo(registry);
    new JvmThreadMetrics().bindTo(registry);
    new ProcessorMetrics().bindTo(registry);
    new FileDescriptorMetrics().bindTo(registry);
    new UptimeMetrics().bindTo(registry);
  }
}
