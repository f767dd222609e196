package io.lipstream.media.avatar;

import io.lipstream.media.LipstreamException;
import io.lipstream.media.picture.BgrPicture;
import io.lipstream.media.picture.Bt601;
import io.lipstream.media.picture.I420Frame;
import io.lipstream.media.picture.Rect;
import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.awt.image.DataBufferByte;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Locale;
import javax.imageio.ImageIO;

/**
 * One picture of an avatar for people to judge: frames spread over its loop with their crop
 * rectangles, what the networks see of the first of them, and its matte.
 */
public final class ContactSheet {
  private static final int COLUMNS = 4;
  private static final int FRAMES = 12;
  private static final int CELL_WIDTH_PX = 400;
  private static final int GAP_PX = 12;
  private static final int TITLE_PX = 72;
  private static final int CAPTION_PX = 26;
  private static final Color PAPER = new Color(0xf4f5f7);
  private static final Color INK = new Color(0x22262b);
  private static final Color MARK = new Color(0xff7a00);

  private final AvatarPackage avatar;
  private final AvatarFrames frames;
  private final BufferedImage sheet;
  private final Graphics2D pen;
  private final int cellHeightPx;
  private final int shownFrames;
  private boolean lettering = true;

  private ContactSheet(AvatarPackage avatar, AvatarFrames frames) {
    this.avatar = avatar;
    this.frames = frames;
    AvatarManifest.Frames size = avatar.manifest().frames();
    cellHeightPx = CELL_WIDTH_PX * size.heightPx() / size.widthPx();
    shownFrames = Math.min(FRAMES, size.count());
    sheet =
        new BufferedImage(
            COLUMNS * (CELL_WIDTH_PX + GAP_PX) + GAP_PX,
            cropsTopPx() + CAPTION_PX + avatar.manifest().geometry().cropPx() + GAP_PX,
            BufferedImage.TYPE_3BYTE_BGR);
    pen = sheet.createGraphics();
    pen.setRenderingHint(
        RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BICUBIC);
    pen.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
    pen.setRenderingHint(
        RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
  }

  /**
   * Draws an avatar's sheet.
   *
   * @param target a .png or .jpg file, replaced if it exists
   * @throws LipstreamException AVATAR if a frame cannot be decoded, OUTPUT if the file cannot be
   *     written
   */
  public static void write(AvatarPackage avatar, AvatarFrames frames, Path target) {
    ContactSheet sheet = new ContactSheet(avatar, frames);
    try {
      sheet.draw();
      Path folder = target.toAbsolutePath().getParent();
      boolean jpeg = target.toString().toLowerCase(Locale.ROOT).matches(".*\\.jpe?g");
      Path part = Files.createTempFile(folder, ".sheet", ".part");
      try {
        ImageIO.write(sheet.sheet, jpeg ? "jpg" : "png", part.toFile());
        Files.move(part, target, StandardCopyOption.REPLACE_EXISTING);
      } finally {
        Files.deleteIfExists(part);
      }
    } catch (IOException e) {
      throw new LipstreamException(
          LipstreamException.Kind.OUTPUT,
          "the contact sheet " + target + " cannot be written: " + e.getMessage(),
          "name a file in a folder that exists and that you may write to",
          e);
    } finally {
      sheet.pen.dispose();
    }
  }

  private void draw() {
    pen.setColor(PAPER);
    pen.fillRect(0, 0, sheet.getWidth(), sheet.getHeight());
    AvatarManifest manifest = avatar.manifest();
    AvatarManifest.Frames size = manifest.frames();
    text(manifest.title(), 24, Font.BOLD, GAP_PX, 34);
    text(
        String.format(
            Locale.ROOT,
            "%d frames of %dx%d at %d a second, rectangles of %d px, %s",
            size.count(),
            size.widthPx(),
            size.heightPx(),
            manifest.fps(),
            avatar.rectangles().getFirst().widthPx(),
            manifest.licence()),
        15,
        Font.PLAIN,
        GAP_PX,
        60);
    for (int i = 0; i < shownFrames; i++) {
      int index = (int) ((long) i * size.count() / shownFrames);
      drawFrame(index, i % COLUMNS, i / COLUMNS);
    }
    drawCrops();
  }

  private void drawFrame(int index, int column, int row) {
    AvatarFrame frame = frames.frame(index);
    I420Frame picture = frame.picture();
    int x = GAP_PX + column * (CELL_WIDTH_PX + GAP_PX);
    int y = TITLE_PX + row * rowPx();
    BgrPicture bgr = new BgrPicture(picture.widthPx(), picture.heightPx());
    Bt601.toBgr(picture, bgr);
    pen.drawImage(image(bgr), x, y, CELL_WIDTH_PX, cellHeightPx, null);
    double scale = (double) CELL_WIDTH_PX / picture.widthPx();
    Rect rect = frame.rect();
    pen.setColor(MARK);
    pen.setStroke(new BasicStroke(1.5f));
    pen.drawRect(
        x + (int) Math.round(rect.x1() * scale),
        y + (int) Math.round(rect.y1() * scale),
        (int) Math.round(rect.widthPx() * scale),
        (int) Math.round(rect.heightPx() * scale));
    text("frame " + index, 13, Font.PLAIN, x, y + cellHeightPx + 18);
  }

  private void drawCrops() {
    int cropPx = avatar.manifest().geometry().cropPx();
    int roiPx = frames.roiPx();
    BgrPicture roi = new BgrPicture(roiPx, roiPx);
    frames.copyRoi(0, roi.data());
    int y = cropsTopPx();
    text("frame 0: crop of " + cropPx + " px", 13, Font.PLAIN, GAP_PX, y + 18);
    pen.drawImage(image(frames.frame(0).crop()), GAP_PX, y + CAPTION_PX, null);
    int x = 2 * GAP_PX + cropPx;
    text("region of " + roiPx + " px", 13, Font.PLAIN, x, y + 18);
    pen.drawImage(image(roi), x, y + CAPTION_PX, null);
    x += GAP_PX + roiPx;
    text("masked", 13, Font.PLAIN, x, y + 18);
    pen.drawImage(image(roi), x, y + CAPTION_PX, null);
    Rect mask = avatar.manifest().mask();
    pen.setColor(Color.BLACK);
    pen.fillRect(x + mask.x1(), y + CAPTION_PX + mask.y1(), mask.widthPx(), mask.heightPx());
    Matte matte = avatar.matte();
    if (matte != null) {
      drawMatte(matte, x + roiPx + GAP_PX, y);
    }
  }

  private void drawMatte(Matte matte, int x, int y) {
    AvatarManifest.Frames size = avatar.manifest().frames();
    BufferedImage grey =
        new BufferedImage(size.widthPx(), size.heightPx(), BufferedImage.TYPE_BYTE_GRAY);
    byte[] pixels = ((DataBufferByte) grey.getRaster().getDataBuffer()).getData();
    try (PictureDecoder decoder = new PictureDecoder()) {
      matte.copy(decoder, new HeldFiles(), 0, pixels);
    }
    double scale =
        Math.min(
            (double) (sheet.getWidth() - GAP_PX - x) / size.widthPx(),
            (double) avatar.manifest().geometry().cropPx() / size.heightPx());
    int widthPx = (int) (size.widthPx() * scale);
    text("matte of frame 0", 13, Font.PLAIN, x, y + 18);
    pen.drawImage(grey, x, y + CAPTION_PX, widthPx, (int) (size.heightPx() * scale), null);
  }

  private void text(String text, int sizePx, int style, int x, int y) {
    if (!lettering) {
      return;
    }
    pen.setColor(INK);
    try {
      pen.setFont(new Font(Font.SANS_SERIF, style, sizePx));
      pen.drawString(text, x, y);
    } catch (RuntimeException | LinkageError | InternalError e) {
      // A machine without any font or fontconfig gets the pictures alone.
      lettering = false;
    }
  }

  private int rowPx() {
    return cellHeightPx + CAPTION_PX;
  }

  private int cropsTopPx() {
    return TITLE_PX + (shownFrames + COLUMNS - 1) / COLUMNS * rowPx();
  }

  private static BufferedImage image(BgrPicture picture) {
    BufferedImage image =
        new BufferedImage(picture.widthPx(), picture.heightPx(), BufferedImage.TYPE_3BYTE_BGR);
    byte[] pixels = ((DataBufferByte) image.getRaster().getDataBuffer()).getData();
    System.arraycopy(picture.data(), 0, pixels, 0, pixels.length);
    return image;
  }
}
