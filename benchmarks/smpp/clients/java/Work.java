import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;

/** The command line, and what is told: see work.py beside these clients. */
final class Work {
    static final int TIMED = 7;
    static final byte[] TEXT =
            ("Dear customer, your parcel arrives today between 14 and 16. Reply STOP to end."
                            + ".".repeat(22))
                    .getBytes(StandardCharsets.ISO_8859_1);

    final String host;
    final int port;
    final int messages;
    final int window;
    final boolean hasReceipts;
    final int warmup;

    private double[] latencies = new double[1 << 16];
    private int timed;

    Work(String[] arguments) {
        host = arguments[0];
        port = Integer.parseInt(arguments[1]);
        messages = Integer.parseInt(arguments[2]);
        window = Integer.parseInt(arguments[3]);
        hasReceipts = arguments[4].equals("receipts");
        warmup = Integer.parseInt(arguments[5]);
    }

    /** One latency; from one thread at a time. */
    synchronized void time(long beganNanos) {
        if (timed == latencies.length) {
            latencies = Arrays.copyOf(latencies, 2 * timed);
        }
        latencies[timed++] = (System.nanoTime() - beganNanos) / 1e6;
    }

    void ready() throws IOException {
        timed = 0;
        System.out.println("ready");
        line();
    }

    void report(double seconds) throws IOException {
        double[] sorted = Arrays.copyOf(latencies, timed);
        Arrays.sort(sorted);
        System.out.printf(
                Locale.ROOT,
                "{\"messages\": %d, \"seconds\": %f, \"p50_ms\": %f, \"p99_ms\": %f}%n",
                messages,
                seconds,
                sorted[timed / 2],
                sorted[(int) ((long) timed * 99 / 100)]);
        line();
    }

    private static void line() throws IOException {
        int octet = System.in.read();
        while (octet != -1 && octet != '\n') {
            octet = System.in.read();
        }
    }
}
