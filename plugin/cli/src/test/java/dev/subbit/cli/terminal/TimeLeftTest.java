package dev.subbit.cli.terminal;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class TimeLeftTest {

  private final TimeLeft timeLeft = new TimeLeft();

  @Test
  void aSlowFirstStepDoesNotCount() {
    timeLeft.at(1, 60);
    for (int step = 2; step <= 11; step++) {
      timeLeft.at(step, 60 + step);
    }
    assertEquals("2 min left", timeLeft.text(11 + 100));
  }

  @Test
  void thereIsNoEstimateFromFewSteps() {
    timeLeft.at(1, 0);
    assertEquals("", timeLeft.text(100));
    timeLeft.at(2, 1.9);
    assertEquals("", timeLeft.text(100));
    timeLeft.at(3, 2.1);
    assertEquals("2 min left", timeLeft.text(100));
  }

  @Test
  void anEvenSpeedGivesAnEstimateThatOnlyFalls() {
    double last = Double.MAX_VALUE;
    for (int step = 1; step <= 300; step++) {
      // Steps of one second, every other of them a quarter longer.
      timeLeft.at(step, step + 0.25 * (step % 2));
      String text = timeLeft.text(300);
      if (!text.isEmpty()) {
        String[] words = text.split(" ");
        double seconds = Double.parseDouble(words[0]) * (words[1].equals("min") ? 60 : 1);
        if (seconds > last) {
          throw new AssertionError("step " + step + ": " + text + " after " + last + " s");
        }
        last = seconds;
      }
    }
    assertEquals(0, last);
  }

  @Test
  void aNewSpeedIsFollowed() {
    for (int step = 0; step <= 100; step++) {
      timeLeft.at(step, step);
    }
    for (int step = 1; step <= 100; step++) {
      timeLeft.at(100 + step, 100 + 4 * step);
    }
    assertEquals("7 min left", timeLeft.text(300));
  }

  @Test
  void hoursAreHoursAndMinutes() {
    timeLeft.at(0, 0);
    timeLeft.at(1, 60);
    assertEquals("3 h 20 min left", timeLeft.text(201));
  }
}
