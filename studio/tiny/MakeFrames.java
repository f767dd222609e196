import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.GradientPaint;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.Arc2D;
import java.awt.geom.Ellipse2D;
import java.awt.geom.QuadCurve2D;
import java.awt.image.BufferedImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;

/**
 * Draws avatars/tiny: a cartoon face that sways, blinks once and keeps its mouth shut; its matte, and
 * the background behind it.
 *
 * <pre>java studio/tiny/MakeFrames.java avatars/tiny</pre>
 *
 * <p>The closed mouth lies where make_networks.py opens it: at (160, 214) of the 320 pixel ROI, which
 * is the crop of 328 pixels less 4 on each side.
 */
final class MakeFrames {
  static final int FRAMES = 10;
  static final int SIDE_PX = 256;
  static final int RECT_PX = 128;
  static final double MOUTH_X = (160 + 4) * RECT_PX / 328.0;
  static final double MOUTH_Y = (214 + 4) * RECT_PX / 328.0;
  static final double MOUTH_HALF_WIDTH = 50 * RECT_PX / 328.0;

  static final Color SKIN = new Color(238, 190, 150);
  static final Color HAIR = new Color(92, 58, 40);
  static final Color SHIRT = new Color(52, 104, 140);
  static final Color LIP = new Color(168, 84, 80);

  public static void main(String[] args) throws Exception {
    System.setProperty("java.awt.headless", "true");
    Path avatar = Path.of(args[0]);
    Files.createDirectories(avatar.resolve("frames"));
    Files.createDirectories(avatar.resolve("matte"));
    BufferedImage background = background();
    ImageIO.write(background, "png", avatar.resolve("background.png").toFile());
    List<String> rectangles = new ArrayList<>();
    for (int k = 0; k < FRAMES; k++) {
      // A quarter of a slow sway; ping-pong makes it a whole one.
      double turn = Math.PI * k / (FRAMES - 1);
      int x = 64 + (int) Math.round(-6 * Math.cos(turn));
      int y = 66 + (int) Math.round(3 * Math.sin(turn));
      BufferedImage face = draw(x, y, k == 6);
      ImageIO.write(
          over(face, background), "png", avatar.resolve("frames/" + k + ".png").toFile());
      ImageIO.write(matte(face), "png", avatar.resolve("matte/" + k + ".png").toFile());
      rectangles.add("[" + x + ", " + y + ", " + (x + RECT_PX) + ", " + (y + RECT_PX) + "]");
    }
    Files.writeString(
        avatar.resolve("rectangles.json"), "[\n  " + String.join(",\n  ", rectangles) + "\n]\n");
  }

  static BufferedImage background() {
    BufferedImage picture = new BufferedImage(SIDE_PX, SIDE_PX, BufferedImage.TYPE_3BYTE_BGR);
    Graphics2D pen = picture.createGraphics();
    pen.setPaint(new GradientPaint(0, 0, new Color(206, 222, 228), 0, SIDE_PX, new Color(150, 176, 190)));
    pen.fillRect(0, 0, SIDE_PX, SIDE_PX);
    pen.dispose();
    return picture;
  }

  /** The face before a background, mixed as docs/avatars.md says. */
  static BufferedImage over(BufferedImage face, BufferedImage background) {
    BufferedImage picture = new BufferedImage(SIDE_PX, SIDE_PX, BufferedImage.TYPE_3BYTE_BGR);
    for (int i = 0; i < SIDE_PX * SIDE_PX; i++) {
      int front = face.getRGB(i % SIDE_PX, i / SIDE_PX);
      int behind = background.getRGB(i % SIDE_PX, i / SIDE_PX);
      int alpha = front >>> 24;
      int mixed = 0;
      for (int shift = 0; shift < 24; shift += 8) {
        int sum = (front >> shift & 255) * alpha + (behind >> shift & 255) * (255 - alpha);
        mixed |= (sum + 127) / 255 << shift;
      }
      picture.setRGB(i % SIDE_PX, i / SIDE_PX, mixed);
    }
    return picture;
  }

  /** What of each pixel is the face. */
  static BufferedImage matte(BufferedImage face) {
    BufferedImage matte = new BufferedImage(SIDE_PX, SIDE_PX, BufferedImage.TYPE_BYTE_GRAY);
    for (int i = 0; i < SIDE_PX * SIDE_PX; i++) {
      int alpha = face.getRGB(i % SIDE_PX, i / SIDE_PX) >>> 24;
      matte.getRaster().setSample(i % SIDE_PX, i / SIDE_PX, 0, alpha);
    }
    return matte;
  }

  /** The face of one frame whose crop rectangle begins at (x, y), with nothing behind it. */
  static BufferedImage draw(int x, int y, boolean blink) {
    BufferedImage picture = new BufferedImage(SIDE_PX, SIDE_PX, BufferedImage.TYPE_INT_ARGB);
    Graphics2D pen = picture.createGraphics();
    pen.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
    double middle = x + MOUTH_X;

    pen.setColor(SHIRT);
    pen.fill(new Ellipse2D.Double(128 - 92, 208, 184, 120));
    pen.setColor(SKIN.darker());
    pen.fill(new Ellipse2D.Double(middle - 22, y + 88, 44, 70));
    pen.setColor(HAIR);
    pen.fill(new Ellipse2D.Double(middle - 64, y - 42, 128, 150));
    pen.setColor(SKIN);
    pen.fill(new Ellipse2D.Double(middle - 53, y - 22, 106, 142));
    pen.setColor(HAIR);
    pen.fill(new Arc2D.Double(middle - 56, y - 38, 112, 80, 10, 160, Arc2D.CHORD));

    for (int side = -1; side <= 1; side += 2) {
      eye(pen, middle + side * 22, y + 38, blink);
    }
    pen.setColor(SKIN.darker());
    pen.setStroke(new BasicStroke(2, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND));
    pen.draw(new QuadCurve2D.Double(middle - 6, y + 62, middle, y + 68, middle + 6, y + 62));

    double mouthY = y + MOUTH_Y;
    pen.setColor(LIP);
    pen.setStroke(new BasicStroke(3, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND));
    pen.draw(
        new QuadCurve2D.Double(
            middle - MOUTH_HALF_WIDTH, mouthY - 1, middle, mouthY + 3, middle + MOUTH_HALF_WIDTH, mouthY - 1));
    pen.dispose();
    return picture;
  }

  static void eye(Graphics2D pen, double x, double y, boolean closed) {
    pen.setStroke(new BasicStroke(2, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND));
    if (closed) {
      pen.setColor(HAIR);
      pen.draw(new QuadCurve2D.Double(x - 10, y, x, y + 5, x + 10, y));
    } else {
      pen.setColor(Color.WHITE);
      pen.fill(new Ellipse2D.Double(x - 10, y - 7, 20, 14));
      pen.setColor(new Color(60, 90, 70));
      pen.fill(new Ellipse2D.Double(x - 5.5, y - 5.5, 11, 11));
      pen.setColor(Color.BLACK);
      pen.fill(new Ellipse2D.Double(x - 2.5, y - 2.5, 5, 5));
    }
    pen.setColor(HAIR);
    pen.draw(new QuadCurve2D.Double(x - 11, y - 13, x, y - 18, x + 11, y - 13));
  }
}
