package io.lipstream.media.avatar;

import io.lipstream.media.LipstreamException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.bytedeco.ffmpeg.avutil.AVFrame;

/** Where a package keeps its frames. */
sealed interface FrameSource {

  /** Compares what can be seen without decoding everything with what the manifest declares. */
  void check(AvatarManifest.Frames declared, PackageFolder folder);

  /** One file a frame, in the order of frames: any frame can be decoded by itself. */
  record Pictures(List<Path> files) implements FrameSource {
    @Override
    public void check(AvatarManifest.Frames declared, PackageFolder folder) {
      if (files.size() != declared.count()) {
        throw wrongCount(files.size() + " pictures", declared, folder);
      }
      try (PictureDecoder decoder = new PictureDecoder()) {
        decode(decoder, new HeldFiles(), 0, declared, folder);
      }
    }

    AVFrame decode(
        PictureDecoder decoder,
        HeldFiles held,
        int index,
        AvatarManifest.Frames declared,
        PackageFolder folder) {
      String which = "frame " + index + " (" + files.get(index).getFileName() + ")";
      AVFrame frame = folder.decode(decoder, held, files.get(index), which);
      requireSize(frame.width(), frame.height(), which, declared, folder);
      return frame;
    }
  }

  /** One video, whose frames are decoded from the first on. */
  record Video(Path file) implements FrameSource {
    @Override
    public void check(AvatarManifest.Frames declared, PackageFolder folder) {
      try (VideoDecoder decoder = open(folder)) {
        requireSize(decoder.widthPx(), decoder.heightPx(), "the video", declared, folder);
        long found = decoder.declaredFrameCount();
        if (found > 0 && found != declared.count()) {
          throw wrongCount(found + " frames", declared, folder);
        }
      }
    }

    VideoDecoder open(PackageFolder folder) {
      try {
        return VideoDecoder.open(file);
      } catch (IOException e) {
        throw folder.failure(
            "its video " + file.getFileName() + " cannot be opened: " + e.getMessage(),
            "use an .mp4, .mov, .mkv or .webm file, or a folder of pictures",
            e);
      }
    }
  }

  static void requireSize(
      int widthPx,
      int heightPx,
      String which,
      AvatarManifest.Frames declared,
      PackageFolder folder) {
    if (widthPx != declared.widthPx() || heightPx != declared.heightPx()) {
      throw folder.failure(
          which
              + (" is " + widthPx + "x" + heightPx + ", but " + AvatarPackage.MANIFEST_FILE)
              + (" says " + declared.widthPx() + "x" + declared.heightPx()),
          "all frames have one size: correct frames.widthPx and heightPx, or the picture");
    }
  }

  private static LipstreamException wrongCount(
      String found, AvatarManifest.Frames declared, PackageFolder folder) {
    return folder.failure(
        declared.source()
            + (" holds " + found + ", but " + AvatarPackage.MANIFEST_FILE)
            + (" says frames.count " + declared.count()),
        "correct frames.count, or add what is missing");
  }
}
