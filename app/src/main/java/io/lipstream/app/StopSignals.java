package io.lipstream.app;

import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets SIGTERM and Ctrl-C end a server in order; a second signal ends it at once. Close gives the
 * signals back.
 *
 * <p>A shutdown hook would not do: Java's logging closes its handlers in a hook of its own, at the
 * same time, and the process would end with the signal's number. The class that takes signals is
 * outside the platform's API, hence the reflection; where it is missing, signals end the process as
 * they always do.
 */
final class StopSignals implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(StopSignals.class);
  private static final List<String> NAMES = List.of("TERM", "INT");

  private final Map<Object, Object> before = new LinkedHashMap<>();

  /** Runs the action, once, on a thread of its own when a signal comes. */
  StopSignals(Runnable action) {
    AtomicBoolean stopping = new AtomicBoolean();
    try {
      Class<?> handlerType = Class.forName("sun.misc.SignalHandler");
      Object handler =
          Proxy.newProxyInstance(
              handlerType.getClassLoader(),
              new Class<?>[] {handlerType},
              (proxy, method, arguments) -> {
                if (method.getName().equals("handle")) {
                  if (stopping.getAndSet(true)) {
                    Runtime.getRuntime().halt(Lipstream.INTERRUPTED);
                  }
                  action.run();
                }
                return null;
              });
      for (String name : NAMES) {
        Object signal =
            Class.forName("sun.misc.Signal").getConstructor(String.class).newInstance(name);
        before.put(signal, handle(signal, handler));
      }
    } catch (ReflectiveOperationException e) {
      LOG.warn("signals cannot be taken, the server will not drain: {}", e.toString());
    }
  }

  private static Object handle(Object signal, Object handler) throws ReflectiveOperationException {
    Method handle =
        Class.forName("sun.misc.Signal")
            .getMethod("handle", signal.getClass(), Class.forName("sun.misc.SignalHandler"));
    return handle.invoke(null, signal, handler);
  }

  @Override
  public void close() {
    before.forEach(
        (signal, handler) -> {
          try {
            handle(signal, handler);
          } catch (ReflectiveOperationException e) {
            LOG.warn("a signal cannot be given back: {}", e.toString());
          }
        });
  }
}
