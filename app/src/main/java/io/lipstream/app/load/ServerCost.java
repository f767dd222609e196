package io.lipstream.app.load;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What a server's process has used so far; NaN for what cannot be known. */
@FunctionalInterface
public interface ServerCost {

  /** Processor time since its start, and memory now. */
  record Used(double cpuSeconds, double residentBytes) {
    static final Used UNKNOWN = new Used(Double.NaN, Double.NaN);
  }

  /** The kernel counts processor time in hundredths of seconds. */
  double TICK_SECONDS = 0.01;

  ServerCost UNKNOWN = () -> Used.UNKNOWN;

  Used read() throws InterruptedException;

  /** Of a process of this machine, where Linux tells. */
  static ServerCost ofProcess(long pid) {
    Path folder = Path.of("/proc", Long.toString(pid));
    return () -> {
      try {
        String stat = Files.readString(folder.resolve("stat"));
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
        double ticks = Double.parseDouble(fields[11]) + Double.parseDouble(fields[12]);
        return new Used(
            ticks * TICK_SECONDS,
            number(Files.readString(folder.resolve("status")), "VmRSS:\\s*(\\d+) kB") * 1024);
      } catch (IOException e) {
        return Used.UNKNOWN;
      }
    };
  }

  /** Of a server somewhere, as its page for Prometheus tells; the heap stands for its memory. */
  static ServerCost ofMetrics(URI page) {
    HttpClient http = HttpClient.newHttpClient();
    return () -> {
      try {
        HttpRequest request = HttpRequest.newBuilder(page).timeout(Duration.ofSeconds(5)).build();
        String text = http.send(request, HttpResponse.BodyHandlers.ofString()).body();
        return new Used(
            number(text, "(?m)^process_cpu_time_ns_total (\\S+)") / 1e9,
            number(text, "(?m)^process_resident_memory_bytes (\\S+)"));
      } catch (IOException e) {
        return Used.UNKNOWN;
      }
    };
  }

  private static double number(String text, String pattern) {
    Matcher found = Pattern.compile(pattern).matcher(text);
    return found.find() ? Double.parseDouble(found.group(1)) : Double.NaN;
  }
}
