package io.lipstream.streaming.rtp;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class MicrophoneTest {
  private static final long MILLI = 1_000_000;

  /** Gives each packet's number as its samples' value. */
  private static final class Numbers implements SoundDecoder {
    boolean closed;

    @Override
    public int decode(byte[] data, int offset, int length, float[] out) {
      float value = BigEndian.i32(data, offset);
      for (int i = 0; i < 960; i++) {
        out[i] = value;
      }
      return 960;
    }

    @Override
    public int conceal(float[] out, int samples) {
      for (int i = 0; i < samples; i++) {
        out[i] = -1;
      }
      return samples;
    }

    @Override
    public void close() {
      closed = true;
    }
  }

  private final Numbers decoder = new Numbers();
  private final Microphone microphone = new Microphone(() -> decoder);
  private final float[] out = new float[SoundDecoder.MAX_SAMPLES];
  private long now = 1_000 * MILLI;

  private void push(int number) {
    push(number, number * 960);
  }

  private void push(int number, int timestamp) {
    byte[] packet = new byte[40];
    packet[0] = (byte) 0x80;
    packet[1] = 111;
    BigEndian.put16(packet, 2, number);
    BigEndian.put32(packet, 4, timestamp);
    BigEndian.put32(packet, 8, 99);
    BigEndian.put32(packet, 12, number);
    microphone.push(packet, packet.length, 0x10000L + number, now);
  }

  /** The values heard by now, one for each 20 ms; -1 for concealment, 0 for silence. */
  private List<Integer> heard() {
    List<Integer> values = new ArrayList<>();
    int count = microphone.poll(now, out);
    while (count > 0) {
      assertThat(count).isEqualTo(960);
      values.add((int) out[0]);
      count = microphone.poll(now, out);
    }
    return values;
  }

  @Test
  void whatIsInOrderIsHeardAtOnce() {
    push(1);
    assertThat(heard()).containsExactly(1);
    push(2);
    push(3);
    assertThat(heard()).containsExactly(2, 3);
    assertThat(heard()).isEmpty();
  }

  @Test
  void aPacketThatWasOvertakenIsWaitedFor() {
    push(1);
    push(3);
    assertThat(heard()).containsExactly(1);
    now += 10 * MILLI;
    push(2);
    assertThat(heard()).containsExactly(2, 3);
    push(2);
    assertThat(heard()).isEmpty();
  }

  @Test
  void whatNeverComesIsConcealedAndThenSilent() {
    push(1);
    push(9);
    assertThat(heard()).containsExactly(1);
    now += 21 * MILLI;
    assertThat(heard()).containsExactly(-1, -1, -1, -1, -1, 0, 0, 9);
    assertThat(microphone.lost()).isEqualTo(7);
  }

  @Test
  void theWaitGrowsWithLatePacketsAndShrinksAgain() {
    push(1);
    push(3);
    heard();
    now += 60 * MILLI;
    assertThat(heard()).containsExactly(-1, 3);
    push(2);
    assertThat(microphone.late()).isEqualTo(1);

    push(5);
    now += 60 * MILLI;
    assertThat(heard()).describedAs("waits for 75 ms now").isEmpty();
    now += 20 * MILLI;
    assertThat(heard()).containsExactly(-1, 5);

    for (int i = 6; i < 1_000; i++) {
      now += 20 * MILLI;
      push(i);
      heard();
    }
    push(1_001);
    now += 25 * MILLI;
    assertThat(heard()).containsExactly(-1, 1_001);
  }

  @Test
  void aMutedMicrophoneIsSilentForAWhile() {
    push(1);
    heard();
    int silent = 0;
    for (int i = 0; i < 1_000; i++) {
      now += 5 * MILLI;
      silent += heard().size();
    }
    assertThat(silent).isEqualTo(100);

    push(2, 20 + 2 * 960 + 5 * 48_000);
    assertThat(heard()).describedAs("too long a pause to be filled").containsExactly(2);
  }

  @Test
  void aPauseInTheTimestampsIsAsLongInTheSound() {
    push(1);
    push(2, 960 * 12);
    assertThat(heard()).containsExactly(1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 2);
  }

  @Test
  void timestampsThatRunAheadMakeNoMoreSoundThanTimePasses() {
    int frames = 0;
    for (int i = 1; i <= 500; i++) {
      push(i, i * 48_000);
      now += 20 * MILLI;
      frames += heard().size();
    }

    assertThat(frames).isBetween(1_000, 500 + 500 + 100);
  }

  @Test
  void anotherSourceBeginsAnew() {
    push(500);
    heard();
    byte[] packet = new byte[40];
    packet[0] = (byte) 0x80;
    BigEndian.put32(packet, 8, 100);
    BigEndian.put32(packet, 12, 7);

    microphone.push(packet, packet.length, 0x10000L, now);

    assertThat(heard()).containsExactly(7);
  }

  @Test
  void orderAndLengthAreKeptOverALinkThatLosesAndReorders() {
    long seed = 21;
    Random random = new Random(seed);
    long[] due = new long[3_000];
    for (int i = 0; i < due.length; i++) {
      due[i] =
          random.nextInt(10) == 0
              ? Long.MAX_VALUE
              : now + i * 20L * MILLI + 30 * MILLI + random.nextInt(50) * MILLI;
    }
    List<Integer> heard = new ArrayList<>();
    for (int t = 0; t < 61_000; t += 1) {
      now += MILLI;
      for (int i = Math.max(0, t / 20 - 10); i < Math.min(due.length, t / 20 + 1); i++) {
        if (due[i] == now) {
          push(i);
        }
      }
      heard.addAll(heard());
    }

    List<Integer> numbers = heard.stream().filter(n -> n > 0).toList();
    assertThat(numbers).isSorted().doesNotHaveDuplicates();
    assertThat(numbers.size()).describedAs("seed %d", seed).isGreaterThan(2_600);
    int lastNumber = numbers.getLast();
    int place = heard.indexOf(lastNumber);
    assertThat(place)
        .describedAs("as long as what was said")
        .isBetween(lastNumber - 5, lastNumber + 5);
  }

  @Test
  void nothingIsHeardAfterItsEnd() {
    push(1);
    heard();
    push(2);
    microphone.close();
    assertThat(heard()).isEmpty();
    assertThat(decoder.closed).isTrue();
    push(3);
    assertThat(heard()).isEmpty();
  }
}
