package io.lipstream.media.avatar;

import static org.bytedeco.ffmpeg.global.avutil.AV_PIX_FMT_GRAY8;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.bytedeco.ffmpeg.avutil.AVFrame;
import org.bytedeco.javacpp.BytePointer;

/**
 * How much of each pixel of an avatar's frames shows the avatar, 0 to 255, and the background that
 * shows in the rest of it. Immutable.
 */
final class Matte {
  private final List<Path> pictures;
  private final Background over;
  private final AvatarManifest.Frames declared;
  private final PackageFolder folder;

  private Matte(
      List<Path> pictures, Background over, AvatarManifest.Frames declared, PackageFolder folder) {
    this.pictures = pictures;
    this.over = over;
    this.declared = declared;
    this.folder = folder;
  }

  /** Finds a package's matte and checks its number, its first picture and its background. */
  static Matte open(
      AvatarManifest.Matte manifest, AvatarManifest.Frames declared, PackageFolder folder) {
    Path source = folder.existing(manifest.source(), "matte");
    List<Path> pictures = Files.isDirectory(source) ? folder.pictures(source) : List.of(source);
    if (Files.isDirectory(source) && pictures.size() != declared.count()) {
      throw folder.failure(
          "its matte "
              + manifest.source()
              + " holds "
              + pictures.size()
              + " pictures for "
              + declared.count()
              + " frames",
          "add what is missing, or name one picture for all frames");
    }
    Background over = folder.background(manifest.over(), "matte.over");
    Matte matte = new Matte(pictures, over, declared, folder);
    try (PictureDecoder decoder = new PictureDecoder()) {
      matte.copy(decoder, new HeldFiles(), 0, new byte[declared.widthPx() * declared.heightPx()]);
      if (over instanceof Background.Picture picture) {
        AVFrame decoded =
            folder.decode(decoder, picture.file(), "the background " + manifest.over());
        FrameSource.requireSize(
            decoded.width(),
            decoded.height(),
            "the background " + manifest.over(),
            declared,
            folder);
      }
    }
    return matte;
  }

  /** The background that the frames were mixed with. */
  Background over() {
    return over;
  }

  List<Path> pictures() {
    return pictures;
  }

  private Path file(int frame) {
    return pictures.get(Math.min(frame, pictures.size() - 1));
  }

  /** Forgets what only one frame needed, which nobody will decode again. */
  void release(HeldFiles held, int frame) {
    if (pictures.size() > 1) {
      held.release(file(frame));
    }
  }

  /** Decodes the matte of one frame into rows without padding. */
  void copy(PictureDecoder decoder, HeldFiles held, int frame, byte[] alpha) {
    Path file = file(frame);
    String which = "the matte of frame " + frame + " (" + file.getFileName() + ")";
    AVFrame decoded = folder.decode(decoder, held, file, which);
    FrameSource.requireSize(decoded.width(), decoded.height(), which, declared, folder);
    if (decoded.format() != AV_PIX_FMT_GRAY8) {
      throw folder.failure(
          which + " is not an 8-bit grey picture",
          "save it with one channel of 8 bits: white where the avatar is, black where not");
    }
    BytePointer rows = decoded.data(0);
    int widthPx = declared.widthPx();
    for (int y = 0; y < declared.heightPx(); y++) {
      rows.position((long) y * decoded.linesize(0)).get(alpha, y * widthPx, widthPx);
    }
  }
}
