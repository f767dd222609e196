package io.lipstream.app.web;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.linecorp.armeria.common.AggregatedHttpRequest;
import com.linecorp.armeria.common.HttpData;
import com.linecorp.armeria.common.HttpHeaderNames;
import com.linecorp.armeria.common.HttpResponse;
import com.linecorp.armeria.common.HttpStatus;
import com.linecorp.armeria.common.MediaType;
import com.linecorp.armeria.common.ResponseHeaders;
import com.linecorp.armeria.server.ServiceRequestContext;
import io.lipstream.media.avatar.AvatarFrame;
import io.lipstream.media.avatar.AvatarFrames;
import io.lipstream.media.avatar.AvatarManifest;
import io.lipstream.media.avatar.AvatarPackage;
import io.lipstream.media.avatar.AvatarStore;
import io.lipstream.media.picture.BgrPicture;
import io.lipstream.media.picture.Bt601;
import io.lipstream.media.picture.I420Frame;
import java.awt.image.BufferedImage;
import java.awt.image.DataBufferByte;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;

/** Who can be talked with, and in which voices. */
final class CatalogueApi {
  private static final float PREVIEW_QUALITY = 0.88f;

  private final AvatarStore avatars;
  private final Offer offer;
  private final Supplier<List<String>> voices;
  private final Map<String, byte[]> previews = new ConcurrentHashMap<>();
  private final Map<String, byte[]> cutOuts = new ConcurrentHashMap<>();

  /**
   * What is shown first and what not.
   *
   * @param avatar the first to be shown
   * @param hidden avatars that are not shown, though they can be asked for
   * @param voice the first voice to be offered; empty for the engine's own
   */
  record Offer(String avatar, List<String> hidden, String voice) {}

  CatalogueApi(AvatarStore avatars, Supplier<List<String>> voices, Offer offer) {
    this.avatars = avatars;
    this.voices = voices;
    this.offer = offer;
  }

  HttpResponse avatars(ServiceRequestContext ctx, AggregatedHttpRequest request) {
    ArrayNode list = Json.object().arrayNode();
    for (AvatarStore.Entry entry : avatars.list()) {
      if (entry instanceof AvatarStore.Entry.Usable usable
          && (entry.name().equals(offer.avatar()) || !offer.hidden().contains(entry.name()))) {
        list.add(describe(usable.manifest()));
      }
    }
    ObjectNode body = Json.object();
    body.set("avatars", list);
    return Json.response(HttpStatus.OK, body);
  }

  private ObjectNode describe(AvatarManifest manifest) {
    return Json.object()
        .put("name", manifest.name())
        .put("title", manifest.title())
        .put("description", manifest.description())
        .put("licence", manifest.licence())
        .put("widthPx", manifest.frames().widthPx())
        .put("heightPx", manifest.frames().heightPx())
        .put("picture", "/v1/avatars/" + manifest.name() + "/picture")
        .put("default", manifest.name().equals(offer.avatar()));
  }

  HttpResponse avatar(ServiceRequestContext ctx, AggregatedHttpRequest request) {
    String name = String.valueOf(ctx.pathParam("name"));
    for (AvatarStore.Entry entry : avatars.list()) {
      if (entry.name().equals(name)) {
        return switch (entry) {
          case AvatarStore.Entry.Usable usable ->
              Json.response(HttpStatus.OK, describe(usable.manifest()));
          case AvatarStore.Entry.Broken broken ->
              new Problem(HttpStatus.UNPROCESSABLE_ENTITY, broken.reason(), broken.hint())
                  .response();
        };
      }
    }
    throw unknown(name);
  }

  static Problem.Refusal unknown(String name) {
    return new Problem.Refusal(
        HttpStatus.NOT_FOUND, "there is no avatar named " + name, "GET /v1/avatars lists them");
  }

  /** An avatar is there no more. */
  void forget(String name) {
    previews.remove(name);
  }

  HttpResponse voices(ServiceRequestContext ctx, AggregatedHttpRequest request) {
    ArrayNode list = Json.object().arrayNode();
    List<String> known = voices.get();
    if (known.isEmpty()) { // the server does not tell
      list.add(Json.object().put("name", "").put("title", "Its own").put("default", true));
    }
    for (String name : known) {
      boolean first =
          offer.voice().isEmpty() ? name.equals(known.getFirst()) : name.equals(offer.voice());
      list.add(Json.object().put("name", name).put("title", name).put("default", first));
    }
    ObjectNode body = Json.object();
    body.set("voices", list);
    return Json.response(HttpStatus.OK, body);
  }

  /** The avatar at rest, as the live picture begins. */
  HttpResponse picture(ServiceRequestContext ctx, AggregatedHttpRequest request) {
    String name = ctx.pathParam("name");
    if (name == null || !AvatarManifest.NAME.matcher(name).matches() || !avatars.holds(name)) {
      throw unknown(String.valueOf(name));
    }
    if (ctx.queryParams().contains("transparent")) {
      return picture(MediaType.PNG, cutOuts.computeIfAbsent(name, this::cutOut));
    }
    return picture(MediaType.JPEG, previews.computeIfAbsent(name, this::draw));
  }

  private static HttpResponse picture(MediaType type, byte[] file) {
    return HttpResponse.of(
        ResponseHeaders.builder(HttpStatus.OK)
            .contentType(type)
            .set(HttpHeaderNames.CACHE_CONTROL, "private, max-age=3600")
            .build(),
        HttpData.wrap(file));
  }

  /** The same without anything behind it, as a PNG with an alpha channel. */
  private byte[] cutOut(String name) {
    try (AvatarPackage avatar = avatars.open(name);
        AvatarFrames frames = AvatarFrames.loadCutOut(avatar, AvatarFrames.defaultMaxBytes())) {
      AvatarFrame first = frames.frame(0);
      byte[] alpha = Objects.requireNonNull(first.alpha());
      BgrPicture bgr = new BgrPicture(first.picture().widthPx(), first.picture().heightPx());
      Bt601.toBgr(first.picture(), bgr);
      BufferedImage image =
          new BufferedImage(bgr.widthPx(), bgr.heightPx(), BufferedImage.TYPE_4BYTE_ABGR);
      byte[] pixels = ((DataBufferByte) image.getRaster().getDataBuffer()).getData();
      for (int i = 0; i < alpha.length; i++) {
        pixels[4 * i] = alpha[i];
        System.arraycopy(bgr.data(), 3 * i, pixels, 4 * i + 1, 3);
      }
      ByteArrayOutputStream bytes = new ByteArrayOutputStream(1 << 19);
      ImageIO.write(image, "png", bytes);
      return bytes.toByteArray();
    } catch (IOException e) {
      throw new UncheckedIOException("writing a picture in memory", e);
    }
  }

  private byte[] draw(String name) {
    try (AvatarPackage avatar = avatars.open(name);
        AvatarFrames frames = AvatarFrames.load(avatar, AvatarFrames.defaultMaxBytes())) {
      I420Frame first = frames.frame(0).picture();
      BgrPicture picture = new BgrPicture(first.widthPx(), first.heightPx());
      Bt601.toBgr(first, picture);
      return jpeg(picture);
    } catch (IOException e) {
      throw new UncheckedIOException("writing a picture in memory", e);
    }
  }

  private static byte[] jpeg(BgrPicture picture) throws IOException {
    BufferedImage image =
        new BufferedImage(picture.widthPx(), picture.heightPx(), BufferedImage.TYPE_3BYTE_BGR);
    byte[] pixels = ((DataBufferByte) image.getRaster().getDataBuffer()).getData();
    System.arraycopy(picture.data(), 0, pixels, 0, pixels.length);
    ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(1 << 17);
    try (ImageOutputStream out = ImageIO.createImageOutputStream(bytes)) {
      ImageWriteParam quality = writer.getDefaultWriteParam();
      quality.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
      quality.setCompressionQuality(PREVIEW_QUALITY);
      writer.setOutput(out);
      writer.write(null, new IIOImage(image, null, null), quality);
    } finally {
      writer.dispose();
    }
    return bytes.toByteArray();
  }
}
