package io.lipstream.inference.engine;

import io.lipstream.media.LipstreamException;
import java.time.Duration;
import java.util.List;
import java.util.function.LongSupplier;

/** The engine of this process: ONNX Runtime on its own devices. */
public final class LocalEngine implements Engine {
  static final Duration RETRY_AFTER = Duration.ofSeconds(1);

  private final LocalModels models;
  private final EngineEvents events;

  private LocalEngine(LocalModels models, EngineEvents events) {
    this.models = models;
    this.events = events;
  }

  /**
   * Starts the devices' workers; models that are to be preloaded are loaded meanwhile.
   *
   * @param clock nanoseconds, for deadlines and idle times; {@code System::nanoTime}
   */
  public static LocalEngine start(
      EngineSettings settings, Catalogue catalogue, EngineEvents events, LongSupplier clock) {
    settings
        .models()
        .forEach(
            (id, model) -> {
              if (model.preferredDevice() >= settings.devices().count()) {
                throw new LipstreamException(
                    LipstreamException.Kind.INPUT,
                    "models."
                        + id
                        + ".preferred_gpu is "
                        + model.preferredDevice()
                        + ", of "
                        + settings.devices().count()
                        + " devices",
                    "devices count from 0; -1 leaves the choice to the engine");
              }
            });
    EngineEvents careful = new CarefulEvents(events);
    return new LocalEngine(new LocalModels(settings, catalogue, careful, clock), careful);
  }

  /** The GPUs of this machine, and parts of split ones, as their driver tells; none without it. */
  public static List<DeviceStatus.GpuReading> gpus() {
    return Nvml.gpus().stream().flatMap(gpu -> gpu.read().stream()).toList();
  }

  @Override
  public Admission open(StreamRequest request) {
    ModelEntry entry = models.await(request.modelId());
    if (entry == null) {
      return new Admission.Unknown(request.modelId());
    }
    try {
      Admission admission = models.open(entry, request);
      if (admission instanceof Admission.Refused refused) {
        events.streamRefused(request.modelId(), refused.reason());
      }
      return admission;
    } finally {
      models.awaited(entry);
    }
  }

  @Override
  public void limitBatch(int frames) {
    models.limitBatch(frames);
  }

  @Override
  public Models models() {
    return models;
  }

  @Override
  public void close() {
    models.close();
  }
}
