package io.lipstream.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.grpc.ManagedChannel;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.stub.StreamObserver;
import io.lipstream.app.config.ConfigFile;
import io.lipstream.app.config.InferenceConfig;
import io.lipstream.app.render.Progress;
import io.lipstream.app.render.RenderPipeline;
import io.lipstream.app.server.InferenceRole;
import io.lipstream.compositing.PasteEdge;
import io.lipstream.inference.EngineOptions;
import io.lipstream.inference.client.InferenceTarget;
import io.lipstream.media.LipstreamException;
import io.lipstream.media.lipsync.MediaSink;
import io.lipstream.media.picture.I420Frame;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.Writer;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A whole inference server with the tiny avatar, and the commands that speak to it. */
final class InferenceServerTest {
  private static final Path HOME = Path.of("..").toAbsolutePath().normalize();
  private static final String TOKEN = "0123456789abcdef";
  private static final int RATE_HZ = 16_000;

  @TempDir Path folder;

  private record Outcome(int exitCode, String out, String err) {}

  @BeforeAll
  static void useThisTree() {
    System.setProperty("lipstream.home", HOME.toString());
  }

  private static Outcome lipstream(String... args) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int code = Lipstream.run(args, new PrintWriter(out, true), new PrintWriter(err, true));
    return new Outcome(code, out.toString(), err.toString());
  }

  private InferenceRole start(String more) throws IOException {
    Path file = folder.resolve("server.yaml");
    Files.writeString(
        file,
        "server: {port: 0, drain_timeout_seconds: 2}\nmetrics: {port: 0}\nmodels_root: "
            + HOME.resolve("avatars")
            + "\n"
            + more);
    InferenceConfig config = ConfigFile.read(file, InferenceConfig.DEFAULT);
    return InferenceRole.start(
        new InferenceRole.Setting(
            config,
            folder,
            ModelCatalogue.of(config, folder),
            ModelCatalogue.avatars(config, folder),
            "test"));
  }

  private static String at(InferenceRole role) {
    return "localhost:" + role.port();
  }

  private static String metrics(InferenceRole role) throws IOException, InterruptedException {
    URI page = URI.create("http://127.0.0.1:" + role.metricsPort().orElseThrow() + "/metrics");
    try (HttpClient client = HttpClient.newHttpClient()) {
      return client.send(HttpRequest.newBuilder(page).build(), BodyHandlers.ofString()).body();
    }
  }

  private static void await(BooleanSupplier reached) throws InterruptedException {
    long end = System.nanoTime() + 60_000_000_000L;
    while (!reached.getAsBoolean()) {
      assertThat(System.nanoTime()).isLessThan(end);
      Thread.sleep(20);
    }
  }

  @Test
  void commandsListLoadCountWatchAndUnload() throws Exception {
    try (InferenceRole role = start("")) {
      assertThat(lipstream("models", "list", "--server", at(role)).out())
          .containsPattern("MODEL +STATE")
          .containsPattern("ada +- ")
          .containsPattern("tiny +- ");

      Outcome loaded = lipstream("models", "load", "tiny", "--server", at(role), "--json");
      assertThat(loaded.exitCode()).isZero();
      assertThat(loaded.out()).contains("\"model\":\"tiny\",\"loaded\":true,\"device\":0");
      assertThat(metrics(role)).contains("lipstream_loaded_models{device=\"cpu0\"} 1.0");

      Outcome stats = lipstream("models", "stats", "--server", at(role));
      assertThat(stats.out()).containsPattern("cpu0 +1 ").contains("tiny").contains("1 loaded");
      assertThat(lipstream("models", "list", "--loaded", "--server", at(role)).out())
          .contains("tiny")
          .doesNotContain("ada");
      assertThat(
              lipstream(
                      "models", "watch", "--count", "2", "--interval", "0.1", "--server", at(role))
                  .out())
          .containsPattern("(?s)FRAMES/S.*tiny.*FRAMES/S.*tiny");

      assertThat(lipstream("models", "unload", "tiny", "--server", at(role)).out())
          .isEqualToIgnoringNewLines("tiny unloaded");
      assertThat(metrics(role)).contains("lipstream_loaded_models{device=\"cpu0\"} 0.0");
    }
  }

  @Test
  void mistakesAreExplained() throws IOException {
    String gone;
    try (InferenceRole role = start("auth: {token: " + TOKEN + "}")) {
      gone = at(role);
      Outcome refused = lipstream("models", "load", "tiny", "--server", at(role));
      assertThat(refused.exitCode()).isEqualTo(6);
      assertThat(refused.err()).contains("token", "hint: --token-file");

      Outcome unknown =
          lipstream("models", "load", "tinny", "--server", at(role), "--token", TOKEN);
      assertThat(unknown.exitCode()).isEqualTo(4);
      assertThat(unknown.err()).contains("tinny", "tiny", "hint:");

      Path config =
          Files.writeString(
              folder.resolve("taken.yaml"),
              "metrics: {enabled: false}\n" + "server: {port: " + role.port() + "}\n");
      Outcome taken = lipstream("inference", "--config", config.toString());
      assertThat(taken.exitCode()).isEqualTo(6);
      assertThat(taken.err()).contains("" + role.port(), "hint:");
    }
    Outcome absent = lipstream("models", "list", "--server", gone);
    assertThat(absent.exitCode()).isEqualTo(6);
    assertThat(absent.err()).contains(gone + " does not answer", "hint: is it running?");
    assertThat(lipstream("models", "list", "--server", "nowhere").exitCode()).isEqualTo(3);
  }

  @Test
  void aWrongConfigurationEndsTheStartWithTwo() throws IOException {
    Path config = Files.writeString(folder.resolve("wrong.yaml"), "server:\n  prot: 1\n");

    Outcome outcome = lipstream("inference", "--config", config.toString());

    assertThat(outcome.exitCode()).isEqualTo(2);
    assertThat(outcome.err()).contains("wrong.yaml:2: unknown key server.prot", "server.port");
    assertThat(lipstream("inference", "--print-config").out())
        .contains("port: 50051", "max_models: 10000");
  }

  /** Keeps what a file would show. */
  private static final class KeepingSink implements MediaSink {
    final List<byte[]> frames = new ArrayList<>();

    @Override
    public void video(I420Frame frame) {
      frames.add(frame.data().clone());
    }

    @Override
    public void audio(float[] interleaved, int frameCount) {}

    @Override
    public void finish() {}

    @Override
    public void close() {}
  }

  private static List<byte[]> render(RenderCast.Mouths mouths) {
    float[] sound = new float[2 * RATE_HZ];
    for (int i = 0; i < sound.length; i++) {
      sound[i] = 0.4f * (float) Math.sin(2 * Math.PI * (180 + i / 400) * i / RATE_HZ);
    }
    KeepingSink sink = new KeepingSink();
    Progress silent =
        new Progress(Progress.Style.NONE, new PrintWriter(Writer.nullWriter()), System::nanoTime);
    try (RenderCast cast =
        new RenderCast(
            HOME.resolve("avatars/tiny").toString(),
            PasteEdge.FEATHERED,
            new BackgroundOption(),
            EngineOptions.cpu().withConcurrentCalls(2),
            mouths)) {
      new RenderPipeline(cast.cast(), 25, 2, silent).run(new SampleSource(RATE_HZ, sound), sink);
    }
    return sink.frames;
  }

  @Test
  void aServerDrawsTheSameFramesAsThisProcess() throws Exception {
    try (InferenceRole role = start("")) {
      List<byte[]> here = render(RenderCast.Mouths.HERE);
      List<byte[]> there = render(new RemoteMouths(at(role), "", new ConnectionOptions()));

      assertThat(there).hasSameSizeAs(here).hasSize(50);
      int worst = 0;
      for (int frame = 0; frame < here.size(); frame++) {
        for (int i = 0; i < here.get(frame).length; i++) {
          worst =
              Math.max(worst, Math.abs((here.get(frame)[i] & 0xff) - (there.get(frame)[i] & 0xff)));
        }
      }
      assertThat(worst).as("grey levels apart").isLessThanOrEqualTo(1);
      String page = metrics(role);
      assertThat(page).containsPattern("lipstream_frames_total\\{outcome=\"computed\"} [1-9]");
      assertThat(page).containsPattern("lipstream_queue_seconds_count [1-9]");
    }
  }

  @Test
  void aDrainingServerSaysSoAndTakesNoNewCalls() throws Exception {
    InferenceRole role = start("");
    String address = at(role);
    ManagedChannel channel = InferenceTarget.parse(address).open();
    BlockingQueue<ServingStatus> told = new LinkedBlockingQueue<>();
    try {
      HealthGrpc.newStub(channel)
          .watch(
              HealthCheckRequest.getDefaultInstance(),
              new StreamObserver<>() {
                @Override
                public void onNext(HealthCheckResponse answer) {
                  told.add(answer.getStatus());
                }

                @Override
                public void onError(Throwable failure) {}

                @Override
                public void onCompleted() {}
              });
      assertThat(told.poll(60, TimeUnit.SECONDS)).isEqualTo(ServingStatus.SERVING);

      Thread drain = Thread.ofPlatform().start(role::drain);
      assertThat(told.poll(60, TimeUnit.SECONDS)).isEqualTo(ServingStatus.NOT_SERVING);
      // A channel of its own: the old one still has the watching call. Health is told first.
      await(() -> lipstream("models", "list", "--server", address).exitCode() == 6);
      drain.join(60_000);
      assertThat(drain.isAlive()).isFalse();
    } finally {
      channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
      role.close();
    }
  }

  @Test
  void withClientCertificatesOnlyThoseWhoHaveOneGetIn() throws Exception {
    Path server = PemFiles.write(folder, "server");
    Path client = PemFiles.write(folder, "client");
    Path other = PemFiles.write(folder, "other");
    String tls = "tls: {certificate: server.crt, private_key: server.key, client_ca: client.crt}";
    try (InferenceRole role = start(tls)) {
      String[] asClient = {
        "models",
        "list",
        "--server",
        at(role),
        "--tls-ca",
        server.toString(),
        "--tls-cert",
        client.toString(),
        "--tls-key",
        folder.resolve("client.key").toString()
      };
      assertThat(lipstream(asClient)).matches(answer -> answer.exitCode() == 0, "gets in");
      String[] asOther = asClient.clone();
      asOther[7] = other.toString();
      asOther[9] = folder.resolve("other.key").toString();
      assertThat(lipstream(asOther).exitCode()).isEqualTo(6);
      assertThat(
              lipstream("models", "list", "--server", at(role), "--tls-ca", server.toString())
                  .exitCode())
          .isEqualTo(6);
      assertThat(lipstream("models", "list", "--server", at(role)).exitCode()).isEqualTo(6);
    }
    LipstreamException missing =
        catchThrowableOfType(
            LipstreamException.class,
            () -> start("tls: {certificate: none.crt, private_key: none.key}"));
    assertThat(missing).hasMessageContaining("tls.certificate").hasMessageContaining("none.crt");
    assertThat(missing.kind()).isEqualTo(LipstreamException.Kind.CONFIGURATION);
  }
}
