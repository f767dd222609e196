package io.lipstream.app.web;

import com.linecorp.armeria.common.AggregatedHttpRequest;
import com.linecorp.armeria.common.HttpRequest;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.server.ServiceRequestContext;
import io.lipstream.app.live.LiveSessions;
import io.lipstream.media.avatar.AvatarManifest;
import io.lipstream.media.avatar.AvatarStore;
import io.lipstream.media.avatar.AvatarUpload;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Avatars that come and go while the server runs. */
final class AvatarsApi {
  private static final int MAX_NAME_CHARS = 64;
  private static final MediaType ZIP = MediaType.create("application", "zip");

  private final AvatarStore avatars;
  private final LiveSessions sessions;
  private final Path folder;
  private final AvatarImports imports;
  private final CatalogueApi catalogue;

  /**
   * Over a store.
   *
   * @param folder of the store, in which imported avatars are kept
   */
  AvatarsApi(AvatarStore avatars, LiveSessions sessions, Path folder, CatalogueApi catalogue) {
    this.avatars = avatars;
    this.sessions = sessions;
    this.folder = folder;
    this.catalogue = catalogue;
    imports = new AvatarImports(folder);
  }

  /** A zip archive of an avatar is about to come. */
  void mayImport(ServiceRequestContext ctx, HttpRequest request) {
    String name = name(ctx);
    @Nullable MediaType type = request.contentType();
    if (type == null || !type.is(ZIP)) {
      throw new Problem.Refusal(
          HttpStatus.UNSUPPORTED_MEDIA_TYPE,
          "the body must be " + ZIP + ", not " + type,
          "send Content-Type: application/zip");
    }
    if (avatars.holds(name)) {
      throw new Problem.Refusal(
          HttpStatus.CONFLICT,
          "there is an avatar named " + name,
          "choose another name, or delete it first");
    }
  }

  HttpResponse imported(ServiceRequestContext ctx, HttpRequest request, Path body) {
    String name = name(ctx);
    try {
      Path archive = Files.createTempFile("lipstream-import-", ".zip");
      Files.move(body, archive, StandardCopyOption.REPLACE_EXISTING);
      if (!imports.begin(name, archive, () -> delete(archive))) {
        delete(archive);
        throw new Problem.Refusal(
            HttpStatus.CONFLICT,
            "avatar " + name + " is being imported, or too many are",
            "look at GET /v1/avatars/" + name + "/import");
      }
    } catch (IOException e) {
      throw new Problem.Refusal(
          HttpStatus.INSUFFICIENT_STORAGE,
          "what was sent cannot be kept: " + e.getMessage(),
          "the server's temporary folder needs room");
    }
    return Json.response(
        HttpStatus.ACCEPTED,
        new AvatarImports.Stand("waiting", 0, 0, "", "").json(name),
        "location",
        "/v1/avatars/" + name + "/import");
  }

  private static void delete(Path archive) {
    try {
      Files.deleteIfExists(archive);
    } catch (IOException e) {
      // It lies in the temporary folder, which the system empties.
    }
  }

  HttpResponse progress(ServiceRequestContext ctx, AggregatedHttpRequest request) {
    String name = name(ctx);
    Optional<AvatarImports.Stand> stand = imports.find(name);
    return Json.response(
        HttpStatus.OK,
        stand
            .orElseThrow(
                () ->
                    new Problem.Refusal(
                        HttpStatus.NOT_FOUND,
                        "no avatar " + name + " was imported since the server began",
                        "POST a zip archive here"))
            .json(name));
  }

  HttpResponse delete(ServiceRequestContext ctx, AggregatedHttpRequest request) {
    String name = name(ctx);
    Path own = folder.resolve(name);
    if (!Files.isDirectory(own, LinkOption.NOFOLLOW_LINKS)) {
      throw avatars.holds(name)
          ? new Problem.Refusal(
              HttpStatus.CONFLICT, "avatar " + name + " was not imported here", "it stays")
          : CatalogueApi.unknown(name);
    }
    if (!sessions.forget(name)) {
      throw new Problem.Refusal(
          HttpStatus.CONFLICT, "avatar " + name + " is in a session", "end its sessions first");
    }
    AvatarUpload.remove(own);
    catalogue.forget(name);
    return HttpResponse.of(HttpStatus.NO_CONTENT);
  }

  private static String name(ServiceRequestContext ctx) {
    String name = String.valueOf(ctx.pathParam("name"));
    if (name.length() > MAX_NAME_CHARS || !AvatarManifest.NAME.matcher(name).matches()) {
      throw new Problem.Refusal(
          HttpStatus.BAD_REQUEST,
          "\"" + name + "\" cannot be an avatar's name",
          "use lower-case letters, digits and single hyphens, " + MAX_NAME_CHARS + " at most");
    }
    return name;
  }
}
