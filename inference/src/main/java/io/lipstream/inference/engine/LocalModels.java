package io.lipstream.inference.engine;

import io.lipstream.inference.EngineOptions;
import io.lipstream.inference.Precision;
import io.lipstream.inference.Provider;
import io.lipstream.inference.engine.EngineSettings.Assignment;
import io.lipstream.inference.engine.EngineSettings.Capacity;
import io.lipstream.inference.engine.EngineSettings.Eviction;
import io.lipstream.inference.engine.EngineSettings.ModelSettings;
import io.lipstream.inference.engine.ModelStatus.State;
import io.lipstream.media.LipstreamException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which models are loaded where, and which have to go.
 *
 * <p>One thread, the loader, does all loading, swapping and freeing, one after the other: that
 * makes a load's memory measurable, keeps loads from taking more than a core, and leaves nothing to
 * agree on. Others only ask it, and count themselves in and out under this object's monitor, which
 * is never held while a file is read or a network computes. A model is freed only when nobody is
 * counted in.
 *
 * <p>Room is made before a load by what the model took last time, or by its file's size, and again
 * after it by what it was measured to take; if that cannot be made, the model is freed at once.
 */
final class LocalModels implements Models, AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(LocalModels.class);
  private static final String LOADER = "inference-loader";
  private static final int LOAD_STEPS = 20;

  /**
   * Giving memory back locks the allocator for milliseconds, once there are many models, and takes
   * pages from those who compute: so not after each model.
   */
  private static final long GIVE_BACK_BYTES = 256L << 20;

  private static final long GIVE_BACK_SECONDS = 5;
  private static final long IDLE_CHECK_MILLIS = 1_000;

  /** A file that was at fault is not read again at each call. */
  private static final long FAILURE_HOLDS_NANOS = 1_000_000_000;

  private final EngineSettings settings;
  private final Catalogue catalogue;
  private final EngineEvents events;
  private final LongSupplier clock;
  private final List<Device> devices;
  private final long[] usedBytes;
  private final ScheduledThreadPoolExecutor loader;
  private final Map<String, ModelEntry> entries = new HashMap<>();
  private int nextDevice;
  private int loadedModels;
  private volatile boolean closed;

  // Of the loader's thread.
  private long freedBytes;
  private boolean giveBackPlanned;

  LocalModels(
      EngineSettings settings, Catalogue catalogue, EngineEvents events, LongSupplier clock) {
    this.settings = settings;
    this.catalogue = catalogue;
    this.events = events;
    this.clock = clock;
    loader = new ScheduledThreadPoolExecutor(1, this::loaderThread);
    devices = newDevices();
    usedBytes = new long[devices.size()];
    int maxFrames = settings.batching().maxFrames();
    for (ModelSettings model : settings.models().values()) {
      maxFrames = Math.max(maxFrames, model.batching().map(b -> b.maxFrames()).orElse(0));
    }
    for (Device device : devices) {
      device.start(maxFrames);
    }
    if (settings.capacity().idleTimeout().isPositive()) {
      var _ =
          loader.scheduleWithFixedDelay(
              this::evictIdle, IDLE_CHECK_MILLIS, IDLE_CHECK_MILLIS, TimeUnit.MILLISECONDS);
    }
    settings
        .models()
        .forEach(
            (id, model) -> {
              if (model.preload()) {
                var _ = request(entry(id), false);
              }
            });
  }

  private Thread loaderThread(Runnable work) {
    Runnable polite =
        () -> {
          // Threads of the runtime would inherit the low priority and keep it while they serve.
          if (settings.devices().intraOpThreads() == 1) {
            NativeMemory.yieldToOthers();
          }
          work.run();
        };
    return Thread.ofPlatform().name(LOADER).daemon(true).unstarted(polite);
  }

  private List<Device> newDevices() {
    EngineSettings.Devices wanted = settings.devices();
    boolean cpu = wanted.provider() == Provider.CPU;
    List<Nvml.Gpu> gpus = cpu ? List.of() : Nvml.gpus();
    List<Device> made = new ArrayList<>();
    for (int i = 0; i < wanted.count(); i++) {
      made.add(
          new Device(
              (cpu ? "cpu" : "cuda") + i,
              i,
              wanted.workersPerDevice(),
              wanted.memoryBytes(),
              clock,
              this::closeLater,
              i < gpus.size() ? Optional.of(gpus.get(i)) : Optional.empty()));
    }
    return List.copyOf(made);
  }

  private ModelEntry entry(String id) {
    synchronized (entries) {
      return entries.computeIfAbsent(id, ModelEntry::new);
    }
  }

  /** The entry, counted as waited for; null if the catalogue has no such model. */
  @Nullable ModelEntry await(String id) {
    ModelEntry entry;
    synchronized (entries) {
      entry = entries.get(id);
    }
    boolean known = entry != null && isLoaded(entry);
    if (!known && !catalogue.contains(id)) {
      return null;
    }
    ModelEntry found = entry(id);
    synchronized (entries) {
      found.waiting++;
    }
    return found;
  }

  void awaited(ModelEntry entry) {
    synchronized (entries) {
      entry.waiting--;
      freeIfWanted(entry);
    }
  }

  private boolean isLoaded(ModelEntry entry) {
    synchronized (entries) {
      return entry.queue != null;
    }
  }

  /**
   * Loads a model unless it is loaded; many callers wait for one load.
   *
   * @param again whether to read a file that was just found to be at fault
   */
  private LoadOutcome load(ModelEntry entry, boolean again) {
    try {
      return request(entry, again).join();
    } catch (CompletionException e) {
      throw new IllegalStateException("the engine was closed during the load", e);
    }
  }

  private CompletableFuture<LoadOutcome> request(ModelEntry entry, boolean again) {
    CompletableFuture<LoadOutcome> loading;
    synchronized (entries) {
      if (entry.queue != null) {
        return CompletableFuture.completedFuture(new LoadOutcome.Ready());
      }
      if (entry.loading != null) {
        return entry.loading;
      }
      boolean failedJustNow =
          entry.failed != null && System.nanoTime() - entry.failedAtNanos < FAILURE_HOLDS_NANOS;
      if (!again && entry.failed != null && failedJustNow) {
        return CompletableFuture.completedFuture(entry.failed);
      }
      loading = new CompletableFuture<>();
      entry.loading = loading;
      entry.state = State.LOADING;
    }
    run(() -> loadNow(entry, loading));
    return loading;
  }

  /** Opens a stream, loading the model first if need be. */
  Admission open(ModelEntry entry, StreamRequest request) {
    while (true) {
      Admission admission = attach(entry, request);
      if (admission != null) {
        return admission;
      }
      switch (load(entry, false)) {
        case LoadOutcome.Ready _ -> {}
        case LoadOutcome.Failed failed -> throw failed.cause();
        case LoadOutcome.NoRoom noRoom -> {
          return new Admission.Refused(noRoom.reason(), LocalEngine.RETRY_AFTER);
        }
      }
    }
  }

  /** Opens a stream to a loaded model, or null if it is not loaded any more. */
  private @Nullable Admission attach(ModelEntry entry, StreamRequest request) {
    synchronized (entries) {
      ModelQueue queue = entry.queue;
      if (closed) {
        throw new IllegalStateException("the engine is closed");
      }
      if (queue == null) {
        return null;
      }
      Device device = queue.device;
      synchronized (device) {
        Optional<String> refusal = device.refusal(queue, request);
        if (refusal.isPresent()) {
          return new Admission.Refused(refusal.get(), LocalEngine.RETRY_AFTER);
        }
        LocalStream stream = new LocalStream(request, queue, device, () -> detach(entry));
        queue.opened(stream);
        entry.streams++;
        entry.opened++;
        entry.usedAtNanos = clock.getAsLong();
        entry.tally.used(entry.usedAtNanos);
        return new Admission.Admitted(stream);
      }
    }
  }

  private void detach(ModelEntry entry) {
    synchronized (entries) {
      entry.streams--;
      entry.usedAtNanos = clock.getAsLong();
      freeIfWanted(entry);
    }
  }

  private void freeIfWanted(ModelEntry entry) {
    if (entry.unloadWanted && !entry.isInUse()) {
      run(() -> free(entry, false));
    }
  }

  @Override
  public List<ModelStatus> list() {
    List<ModelStatus> statuses = new ArrayList<>();
    for (String id : catalogue.ids()) {
      statuses.add(status(id));
    }
    return statuses;
  }

  @Override
  public Optional<ModelStatus> find(String modelId) {
    return catalogue.contains(modelId) ? Optional.of(status(modelId)) : Optional.empty();
  }

  private ModelStatus status(String id) {
    synchronized (entries) {
      ModelEntry entry = entries.get(id);
      return entry == null ? ModelEntry.untouched(id) : entry.status();
    }
  }

  @Override
  public ModelStatus load(String modelId, boolean force) {
    ModelEntry entry = await(modelId);
    if (entry == null) {
      throw new LipstreamException(
          LipstreamException.Kind.INPUT,
          "there is no model " + modelId,
          "`lipstream models list` shows what there is");
    }
    try {
      if (force && isLoaded(entry)) {
        CompletableFuture<LoadOutcome> reloaded = new CompletableFuture<>();
        run(() -> reloadNow(entry, reloaded));
        require(modelId, reloaded.join());
      } else {
        require(modelId, load(entry, true));
      }
      return status(modelId);
    } finally {
      awaited(entry);
    }
  }

  private static void require(String modelId, LoadOutcome outcome) {
    switch (outcome) {
      case LoadOutcome.Ready _ -> {}
      case LoadOutcome.Failed failed -> throw failed.cause();
      case LoadOutcome.NoRoom noRoom ->
          throw new LipstreamException(
              LipstreamException.Kind.ENVIRONMENT,
              "there is no room for model " + modelId + ": " + noRoom.reason(),
              "unload others, or raise gpus.memory_gb_per_gpu or capacity.max_models");
    }
  }

  @Override
  public boolean unload(String modelId) {
    ModelEntry entry;
    synchronized (entries) {
      entry = entries.get(modelId);
      if (entry == null || entry.queue == null) {
        return false;
      }
      entry.unloadWanted = true;
      if (entry.isInUse()) {
        return true;
      }
    }
    CompletableFuture<Boolean> freed = new CompletableFuture<>();
    run(
        () -> {
          free(entry, false);
          freed.complete(true);
        });
    return freed.join();
  }

  void limitBatch(int frames) {
    devices.forEach(device -> device.limitBatch(frames));
  }

  @Override
  public List<DeviceStatus> devices() {
    List<DeviceStatus> statuses = new ArrayList<>();
    for (Device device : devices) {
      statuses.add(device.status(usedBytes(device)));
    }
    return statuses;
  }

  private long usedBytes(Device device) {
    synchronized (entries) {
      return usedBytes[device.index()];
    }
  }

  private void run(Runnable work) {
    try {
      loader.execute(work);
    } catch (RejectedExecutionException e) {
      throw new IllegalStateException("the engine is closed", e);
    }
  }

  // --- on the loader's thread, which alone changes where a model is ---

  private void loadNow(ModelEntry entry, CompletableFuture<LoadOutcome> loading) {
    LoadOutcome outcome;
    try {
      outcome = place(entry);
    } catch (LipstreamException e) {
      outcome = new LoadOutcome.Failed(e);
    } catch (RuntimeException | Error e) {
      log.warn("loading model {} failed", entry.id, e);
      outcome =
          new LoadOutcome.Failed(
              new LipstreamException(
                  LipstreamException.Kind.ENVIRONMENT,
                  "model " + entry.id + " could not be loaded: " + e,
                  "see the log",
                  e));
    }
    synchronized (entries) {
      entry.loading = null;
      switch (outcome) {
        case LoadOutcome.Ready _ -> {}
        case LoadOutcome.NoRoom _ -> entry.state = State.UNLOADED;
        case LoadOutcome.Failed failed -> {
          entry.state = State.FAILED;
          entry.failure = failed.cause().getMessage();
          entry.failed = failed;
          entry.failedAtNanos = System.nanoTime();
        }
      }
    }
    if (outcome instanceof LoadOutcome.Failed failed) {
      events.loadFailed(entry.id, failed.cause().getMessage());
    }
    loading.complete(outcome);
  }

  private LoadOutcome place(ModelEntry entry) {
    ModelSource source = source(entry);
    long expectedBytes = Math.max(entry.lastBytes, source.fileBytes());
    Device device = null;
    for (Device candidate : candidates(entry.id)) {
      if (makeRoom(candidate, expectedBytes, 1)) {
        device = candidate;
        break;
      }
    }
    if (device == null) {
      return noRoom(expectedBytes);
    }
    long start = System.nanoTime();
    LoadedModel model = LoadedModel.load(source, options(entry.id, device));
    entry.lastBytes = model.bytes();
    if (!makeRoom(device, model.bytes(), 1)) {
      close(model);
      return noRoom(model.bytes());
    }
    ModelQueue queue =
        new ModelQueue(entry.id, device, model, settings.batchingOf(entry.id), entry.tally, events);
    device.add(queue);
    synchronized (entries) {
      entry.queue = queue;
      entry.unloadWanted = false;
      describe(entry, model);
      entry.usedAtNanos = clock.getAsLong();
      usedBytes[device.index()] += model.bytes();
      loadedModels++;
      entry.tally.loaded();
    }
    events.modelLoaded(entry.id, device.name(), model.bytes(), System.nanoTime() - start);
    return new LoadOutcome.Ready();
  }

  private static void describe(ModelEntry entry, LoadedModel model) {
    entry.state = State.READY;
    entry.shape = Optional.of(model.shape());
    entry.bytes = model.bytes();
    entry.lastBytes = model.bytes();
    entry.failure = "";
  }

  private ModelSource source(ModelEntry entry) {
    return catalogue
        .find(entry.id)
        .orElseThrow(
            () ->
                new LipstreamException(
                    LipstreamException.Kind.INPUT,
                    "model " + entry.id + " is not there any more",
                    "put its file back"));
  }

  private DeviceOptions options(String id, Device device) {
    EngineSettings.Devices wanted = settings.devices();
    return new DeviceOptions(
        new EngineOptions(
            wanted.provider(),
            wanted.provider() == Provider.CPU ? 0 : device.index(),
            wanted.intraOpThreads(),
            wanted.interOpThreads(),
            device.workers(),
            settings.batchingOf(id).maxFrames(),
            Precision.AUTO,
            device.budgetBytes(),
            wanted.float16()),
        settings.capacity().maxFileBytes(),
        device);
  }

  private LoadOutcome.NoRoom noRoom(long bytes) {
    synchronized (entries) {
      return new LoadOutcome.NoRoom(
          "it takes "
              + (bytes >> 20)
              + " MiB, and what is loaded is in use ("
              + loadedModels
              + " models)");
    }
  }

  /** The devices that may take a model, the best first. */
  private List<Device> candidates(String id) {
    int preferred = settings.models().getOrDefault(id, ModelSettings.DEFAULT).preferredDevice();
    if (preferred >= 0) {
      return List.of(devices.get(preferred));
    }
    List<Device> ordered = new ArrayList<>();
    for (int i = 0; i < devices.size(); i++) {
      ordered.add(devices.get((nextDevice + i) % devices.size()));
    }
    nextDevice = (nextDevice + 1) % devices.size();
    if (settings.devices().assignment() == Assignment.LEAST_LOADED) {
      Map<Device, Long> load = new HashMap<>();
      // In steps, so that small differences leave the choice to the memory.
      devices.forEach(device -> load.put(device, Math.round(device.load() * LOAD_STEPS)));
      ordered.sort(
          Comparator.<Device>comparingLong(load::get)
              .thenComparing(Comparator.comparingLong(this::freeBytes).reversed()));
    }
    // Where nothing has to go comes first.
    ordered.sort(Comparator.comparing(device -> freeBytes(device) <= 0));
    return ordered;
  }

  private long freeBytes(Device device) {
    return device.budgetBytes() - usedBytes(device);
  }

  /** Evicts what must go for so many bytes and models more; evicts nothing if that is no use. */
  private boolean makeRoom(Device device, long bytes, int models) {
    while (true) {
      List<ModelEntry> victims = new ArrayList<>();
      synchronized (entries) {
        Capacity capacity = settings.capacity();
        long overDevice = usedBytes[device.index()] + bytes - device.budgetBytes();
        long overAll = sum(usedBytes) + bytes - capacity.maxBytes();
        long overModels = (long) loadedModels + models - capacity.maxModels();
        for (ModelEntry candidate : evictionOrder(capacity.eviction())) {
          ModelQueue queue = candidate.queue;
          boolean onDevice = queue != null && queue.device == device;
          if (overAll > 0 || overModels > 0 || (overDevice > 0 && onDevice)) {
            victims.add(candidate);
            overAll -= candidate.bytes;
            overModels--;
            overDevice -= onDevice ? candidate.bytes : 0;
          }
        }
        if (overDevice > 0 || overAll > 0 || overModels > 0) {
          return false;
        }
      }
      if (victims.isEmpty()) {
        return true;
      }
      // Somebody may open a victim in the meantime: it stays, and another may go in its place.
      victims.forEach(victim -> free(victim, true));
    }
  }

  private static long sum(long[] values) {
    long sum = 0;
    for (long value : values) {
      sum += value;
    }
    return sum;
  }

  /** Loaded models that nobody uses, the first to go first. */
  private List<ModelEntry> evictionOrder(Eviction eviction) {
    Comparator<ModelEntry> lru = Comparator.comparingLong(entry -> entry.usedAtNanos);
    return entries.values().stream()
        .filter(entry -> entry.queue != null && !entry.isInUse())
        .sorted(
            switch (eviction) {
              case LRU -> lru;
              case LFU ->
                  Comparator.<ModelEntry>comparingLong(entry -> entry.opened).thenComparing(lru);
            })
        .toList();
  }

  private void evictIdle() {
    long idleNanos = settings.capacity().idleTimeout().toNanos();
    List<ModelEntry> idle = new ArrayList<>();
    synchronized (entries) {
      long now = clock.getAsLong();
      for (ModelEntry entry : entries.values()) {
        if (entry.queue != null && !entry.isInUse() && now - entry.usedAtNanos > idleNanos) {
          idle.add(entry);
        }
      }
    }
    idle.forEach(entry -> free(entry, true));
  }

  /** Frees a model, unless somebody uses it. */
  private void free(ModelEntry entry, boolean evicted) {
    ModelQueue queue;
    synchronized (entries) {
      queue = entry.queue;
      if (queue == null || entry.isInUse()) {
        return;
      }
      entry.queue = null;
      entry.unloadWanted = false;
      entry.state = State.UNLOADED;
      usedBytes[queue.device.index()] -= entry.bytes;
      entry.bytes = 0;
      loadedModels--;
      if (evicted) {
        entry.tally.evicted();
      }
    }
    queue.device.remove(queue);
    queue.device.retire(queue.model());
    events.modelUnloaded(entry.id, queue.device.name(), evicted);
  }

  private void reloadNow(ModelEntry entry, CompletableFuture<LoadOutcome> reloaded) {
    try {
      reloaded.complete(reload(entry));
    } catch (LipstreamException e) {
      events.loadFailed(entry.id, e.getMessage());
      reloaded.complete(new LoadOutcome.Failed(e));
    } catch (RuntimeException | Error e) {
      reloaded.completeExceptionally(e);
    }
  }

  /** The old network serves until the new one is ready, so that both are in memory for a moment. */
  private LoadOutcome reload(ModelEntry entry) {
    ModelQueue queue;
    synchronized (entries) {
      queue = entry.queue;
    }
    if (queue == null) {
      return place(entry);
    }
    Device device = queue.device;
    if (!makeRoom(device, entry.bytes, 0)) {
      return noRoom(entry.bytes);
    }
    long start = System.nanoTime();
    LoadedModel next = LoadedModel.load(source(entry), options(entry.id, device));
    if (!next.shape().equals(queue.shape())) {
      close(next);
      throw new LipstreamException(
          LipstreamException.Kind.INPUT,
          "the new file of model " + entry.id + " has other tensors: " + next.shape(),
          "unload the model first: a stream cannot change its tensors");
    }
    synchronized (entries) {
      usedBytes[device.index()] += next.bytes() - entry.bytes;
      describe(entry, next);
      entry.tally.loaded();
    }
    device.swap(queue, next);
    events.modelLoaded(entry.id, device.name(), next.bytes(), System.nanoTime() - start);
    return new LoadOutcome.Ready();
  }

  private void closeLater(LoadedModel model) {
    if (Thread.currentThread().getName().equals(LOADER)) {
      close(model);
      return;
    }
    try {
      loader.execute(() -> close(model));
    } catch (RejectedExecutionException e) {
      close(model);
    }
  }

  private void close(LoadedModel model) {
    model.close();
    freedBytes += model.bytes();
    if (freedBytes > GIVE_BACK_BYTES || closed) {
      giveBack();
    } else if (!giveBackPlanned) {
      giveBackPlanned = true;
      var _ = loader.schedule(this::giveBack, GIVE_BACK_SECONDS, TimeUnit.SECONDS);
    }
  }

  private void giveBack() {
    freedBytes = 0;
    giveBackPlanned = false;
    NativeMemory.giveBack();
  }

  /** Ends all streams, then frees everything. */
  @Override
  public void close() {
    List<CompletableFuture<LoadOutcome>> unfinished = new ArrayList<>();
    synchronized (entries) {
      if (closed) {
        return;
      }
      closed = true;
    }
    loader.shutdownNow();
    awaitLoader();
    synchronized (entries) {
      for (ModelEntry entry : entries.values()) {
        if (entry.loading != null) {
          unfinished.add(entry.loading);
        }
      }
    }
    unfinished.forEach(
        loading ->
            loading.completeExceptionally(new IllegalStateException("the engine is closed")));
    devices.forEach(Device::close);
    List<LoadedModel> loaded = new ArrayList<>();
    synchronized (entries) {
      for (ModelEntry entry : entries.values()) {
        if (entry.queue != null) {
          loaded.add(entry.queue.model());
          entry.queue = null;
          entry.state = State.UNLOADED;
        }
      }
    }
    loaded.forEach(LoadedModel::close);
    NativeMemory.giveBack();
  }

  private void awaitLoader() {
    boolean interrupted = false;
    while (true) {
      try {
        if (loader.awaitTermination(1, TimeUnit.HOURS)) {
          break;
        }
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
