package io.lipstream.app;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.lipstream.app.ModelServer.Device;
import io.lipstream.app.ModelServer.Model;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** Models and devices as tables for people and as JSON. */
final class ModelTable {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final double MB = 1 << 20;

  private ModelTable() {}

  /** Columns as wide as their widest cell; the first is text, the rest numbers. */
  static String of(List<String> head, List<List<String>> rows) {
    List<List<String>> all = new ArrayList<>();
    all.add(head);
    all.addAll(rows);
    int[] widths = new int[head.size()];
    for (List<String> row : all) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], row.get(i).length());
      }
    }
    return all.stream().map(row -> line(row, widths)).collect(Collectors.joining("\n"));
  }

  private static String line(List<String> row, int[] widths) {
    StringBuilder line = new StringBuilder();
    for (int i = 0; i < widths.length; i++) {
      String form = i == 0 ? "%-" + widths[0] + "s" : "  %" + widths[i] + "s";
      line.append(String.format(Locale.ROOT, form, row.get(i)));
    }
    return line.toString().stripTrailing();
  }

  static String models(List<Model> models) {
    return of(
        List.of("MODEL", "STATE", "DEVICE", "MB", "FRAMES", "MS/FRAME"),
        models.stream().map(ModelTable::row).toList());
  }

  private static List<String> row(Model model) {
    return List.of(
        model.id(),
        model.loaded() ? "loaded" : "-",
        model.loaded() ? Integer.toString(model.device()) : "-",
        model.loaded() ? megabytes(model.memoryBytes()) : "-",
        Long.toString(model.frames()),
        millis(model));
  }

  static String devices(List<Device> devices) {
    return of(
        List.of("DEVICE", "NAME", "MODELS", "USED MB", "OF MB"),
        devices.stream()
            .map(
                device ->
                    List.of(
                        Integer.toString(device.index()),
                        device.name(),
                        Integer.toString(device.models()),
                        megabytes(device.usedBytes()),
                        megabytes(device.totalBytes())))
            .toList());
  }

  static String megabytes(long bytes) {
    return String.format(Locale.ROOT, "%.1f", bytes / MB);
  }

  /** Time on the device by frame. */
  static String millis(Model model) {
    return model.frames() == 0
        ? "-"
        : String.format(Locale.ROOT, "%.2f", model.deviceMillis() / model.frames());
  }

  static ObjectNode json(Model model) {
    ObjectNode node = JSON.createObjectNode();
    node.put("model", model.id());
    node.put("loaded", model.loaded());
    if (model.loaded()) {
      node.put("device", model.device());
    }
    node.put("memoryBytes", model.memoryBytes());
    node.put("frames", model.frames());
    node.put("deviceMillis", model.deviceMillis());
    node.put("lastUsedUnixMillis", model.lastUsedUnixMillis());
    return node;
  }

  static String json(List<Model> models) {
    return JSON.createArrayNode().addAll(models.stream().map(ModelTable::json).toList()).toString();
  }
}
