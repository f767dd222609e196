package io.lipstream.media.avatar;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import io.lipstream.media.picture.CropGeometry;
import io.lipstream.media.picture.Rect;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What an avatar package says about itself in its {@code avatar.yaml}; docs/avatars.md describes
 * each key.
 *
 * <p>Every file is named relative to the package's folder. Absent optional keys have received their
 * defaults.
 *
 * @param schema the version of this format
 * @param name the avatar's id
 * @param licence under which the pictures and networks may be used: an SPDX id or a sentence
 * @param rectangles file with the crop rectangle of every frame
 * @param matte what of the frames is the avatar, where the package tells it
 * @param background what to show behind the avatar instead of the frames' own: a colour or a
 *     picture file
 * @param clips gestures and other ways to rest, by name
 * @param mask half-open box of the ROI that the network does not get to see
 */
public record AvatarManifest(
    @JsonProperty(required = true) String schema,
    @JsonProperty(required = true) String name,
    String title,
    String description,
    @JsonProperty(required = true) String licence,
    List<String> credits,
    @JsonProperty(required = true) int fps,
    @JsonProperty(required = true) Frames frames,
    @JsonProperty(required = true) String rectangles,
    @Nullable Matte matte,
    @Nullable String background,
    FrameOrder order,
    RestingMouth restingMouth,
    Map<String, Clip> clips,
    @JsonProperty(required = true) GeneratorFamily family,
    Rect mask,
    @JsonProperty(required = true) Generator generator,
    @JsonProperty(required = true) AudioEncoder audioEncoder) {

  /** The only schema there is so far. */
  public static final String SCHEMA = "lipstream-avatar/1";

  /** What an avatar's name may look like. */
  public static final Pattern NAME = Pattern.compile("[a-z0-9]+(-[a-z0-9]+)*");

  private static final int MAX_NAME_CHARS = 64;
  private static final int MAX_FPS = 120;

  // The parameters are what the file held, so any of them may be absent.
  @SuppressWarnings("NullAway")
  public AvatarManifest {
    if (!SCHEMA.equals(schema)) {
      throw invalid("schema", schema, "must be " + SCHEMA);
    }
    if (name == null || name.length() > MAX_NAME_CHARS || !NAME.matcher(name).matches()) {
      throw invalid(
          "name", name, "must be lower-case letters, digits and single hyphens, such as ada");
    }
    licence = requireText("licence", licence);
    title = title == null ? name : requireText("title", title);
    description = description == null ? "" : description.strip();
    credits = credits == null ? List.of() : List.copyOf(credits);
    if (fps < 1 || fps > MAX_FPS) {
      throw invalid("fps", fps, "must be from 1 to " + MAX_FPS);
    }
    requirePresent("frames", frames);
    rectangles = requireFile("rectangles", rectangles);
    if (background != null) {
      background = requireText("background", background);
      if (matte == null) {
        throw new IllegalArgumentException("key background wants a matte, and there is none");
      }
    }
    order = order == null ? FrameOrder.PING_PONG : order;
    restingMouth = restingMouth == null ? RestingMouth.GENERATOR : restingMouth;
    clips = clips == null ? Map.of() : Collections.unmodifiableMap(new LinkedHashMap<>(clips));
    for (Map.Entry<String, Clip> clip : clips.entrySet()) {
      if (clip.getKey().length() > MAX_NAME_CHARS || !NAME.matcher(clip.getKey()).matches()) {
        throw invalid("clips", clip.getKey(), "are named by lower-case letters and hyphens");
      }
      String fault = clip.getValue().fault(frames.count(), frames.loopCount());
      if (fault != null) {
        throw new IllegalArgumentException("key clips." + clip.getKey() + " " + fault);
      }
    }
    requirePresent("family", family);
    mask = mask == null ? family.defaultMask() : mask;
    if (!mask.fitsIn(family.roiPx(), family.roiPx())) {
      throw invalid("mask", mask, "must lie inside the ROI of " + family.roiPx() + " pixels");
    }
    requirePresent("generator", generator);
    requirePresent("audioEncoder", audioEncoder);
  }

  /** The frame of the idle loop that is shown as an output frame counted from 0. */
  public int idleFrame(long outputFrame) {
    return order.index(outputFrame, frames.loopCount());
  }

  /** After so many output frames the idle loop begins again. */
  public int idlePeriod() {
    return order.period(frames.loopCount());
  }

  /** How the mouth's region is cut out of this avatar's frames. */
  public CropGeometry geometry() {
    return family.geometry(mask);
  }

  /**
   * The frames that the mouth is pasted into.
   *
   * @param source a folder of pictures, taken in natural order of their names, or one video file
   * @param loop the first so many are the idle loop, the others belong to clips; null for all
   * @param widthPx even, as video encoders want it
   * @param heightPx even
   */
  public record Frames(
      @JsonProperty(required = true) String source,
      @JsonProperty(required = true) int count,
      @JsonProperty(required = true) int widthPx,
      @JsonProperty(required = true) int heightPx,
      @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable Integer loop) {
    static final int MAX_COUNT = 100_000;
    static final int MAX_SIDE_PX = 7680;

    public Frames {
      source = requireFile("frames.source", source);
      if (count < 1 || count > MAX_COUNT) {
        throw invalid("frames.count", count, "must be from 1 to " + MAX_COUNT);
      }
      requireSide("frames.widthPx", widthPx);
      requireSide("frames.heightPx", heightPx);
      if (loop != null && (loop < 1 || loop > count)) {
        throw invalid("frames.loop", loop, "must be from 1 to frames.count");
      }
    }

    /** Frames that all belong to the idle loop. */
    public Frames(String source, int count, int widthPx, int heightPx) {
      this(source, count, widthPx, heightPx, null);
    }

    /** How many make up the idle loop. */
    public int loopCount() {
      return loop == null ? count : loop;
    }

    private static void requireSide(String key, int px) {
      if (px < 2 || px > MAX_SIDE_PX || px % 2 != 0) {
        throw invalid(key, px, "must be an even number from 2 to " + MAX_SIDE_PX);
      }
    }
  }

  /**
   * How much of each pixel of the frames is the avatar.
   *
   * @param source a folder of 8-bit grey pictures, one a frame, or one picture for all frames
   * @param over the background that the frames show: a colour, or a picture of their size
   */
  public record Matte(
      @JsonProperty(required = true) String source, @JsonProperty(required = true) String over) {
    public Matte {
      source = requireFile("matte.source", source);
      over = requireText("matte.over", over);
    }
  }

  /**
   * The network that draws mouths.
   *
   * <p>The tensor names are wanted only where the file leaves a doubt which tensor is which.
   *
   * @param fp16 the same network with weights of 16 bits, for devices that compute in them
   * @param int8 the same network with convolutions in 8 bits, for processors
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Generator(
      @JsonProperty(required = true) String file,
      @Nullable String fp16,
      @Nullable String int8,
      @Nullable String visual,
      @Nullable String audio,
      @Nullable String output) {
    public Generator {
      file = requireFile("generator.file", file);
      fp16 = fp16 == null ? null : requireFile("generator.fp16", fp16);
      int8 = int8 == null ? null : requireFile("generator.int8", int8);
      requireTensorName("generator.visual", visual);
      requireTensorName("generator.audio", audio);
      requireTensorName("generator.output", output);
    }

    /** A network whose tensors tell themselves apart by their shapes. */
    public Generator(String file) {
      this(file, null, null, null, null, null);
    }

    public Optional<String> visualName() {
      return Optional.ofNullable(visual);
    }

    public Optional<String> audioName() {
      return Optional.ofNullable(audio);
    }

    public Optional<String> outputName() {
      return Optional.ofNullable(output);
    }
  }

  /** The network that turns mel windows into features; it has one input and one output. */
  public record AudioEncoder(@JsonProperty(required = true) String file) {
    public AudioEncoder {
      file = requireFile("audioEncoder.file", file);
    }
  }

  private static void requireTensorName(String key, @Nullable String value) {
    if (value != null && value.isBlank()) {
      throw invalid(key, value, "must name a tensor, or be left out");
    }
  }

  private static String requireText(String key, @Nullable String value) {
    if (value == null || value.isBlank()) {
      throw invalid(key, value, "must not be empty");
    }
    return value.strip();
  }

  /** Refuses at once what could never be a file of the package; the package checks the rest. */
  private static String requireFile(String key, @Nullable String value) {
    String file = requireText(key, value);
    if (!PackageFolder.isRelativeName(file)) {
      throw invalid(key, file, "must be a path inside the package, with / and without ..");
    }
    return file;
  }

  private static void requirePresent(String key, @Nullable Object value) {
    if (value == null) {
      throw new IllegalArgumentException("key " + key + " is missing");
    }
  }

  private static IllegalArgumentException invalid(
      String key, @Nullable Object value, String expected) {
    String found = value == null ? "nothing" : "\"" + value + "\"";
    return new IllegalArgumentException("key " + key + " " + expected + "; it holds " + found);
  }
}
