import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.net.ServerSocket;
import java.util.HexFormat;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** What both stacks are told to do, and what they answer the other side with. */
abstract class Stack {
  static final String PASSWORD = "secret08";
  static final String SYSTEM_ID = "smsc";
  static final String MESSAGE_ID = "5f3a-1";
  static final int RINVDSTADR = 0x0b;
  static final int RINVPASWD = 0x0e;
  static final int RQUERYFAIL = 0x67;
  static final int TIMEOUT_MS = 5000;

  final BlockingQueue<JsonObject> heard = new LinkedBlockingQueue<>();
  final Semaphore ends = new Semaphore(0);

  abstract void listen(int port, boolean isTls) throws Exception;

  abstract JsonObject connect(int port, boolean isTls, JsonObject bind) throws Exception;

  abstract JsonObject ask(JsonObject pdu) throws Exception;

  abstract void raw(byte[] octets) throws Exception;

  abstract void unbind() throws Exception;

  abstract void close() throws Exception;

  JsonElement perform(String action, JsonObject what) throws Exception {
    boolean isTls = what.has("tls");
    switch (action) {
      case "listen":
        int port = freePort();
        listen(port, isTls);
        JsonObject listening = new JsonObject();
        listening.addProperty("port", port);
        return listening;
      case "connect":
        return connect(what.get("port").getAsInt(), isTls, what);
      case "ask":
      case "tell":
        return ask(what.getAsJsonObject("pdu"));
      case "raw":
        raw(octets(what, "octets"));
        return new JsonPrimitive(true);
      case "heard":
        return heard.poll(TIMEOUT_MS, TimeUnit.MILLISECONDS);
      case "unbind":
        unbind();
        return message("unbind_resp", 0);
      case "ended":
        return new JsonPrimitive(ends.tryAcquire(TIMEOUT_MS, TimeUnit.MILLISECONDS));
      case "close":
        close();
        heard.clear();
        ends.drainPermits();
        return new JsonPrimitive(true);
      default:
        throw new IllegalArgumentException(action);
    }
  }

  static JsonObject message(String command, int status) {
    JsonObject message = new JsonObject();
    message.addProperty("command", command);
    message.addProperty("command_status", status);
    return message;
  }

  static String text(JsonObject from, String name) {
    return from.has(name) ? from.get(name).getAsString() : "";
  }

  static byte number(JsonObject from, String name) {
    return from.has(name) ? from.get(name).getAsNumber().byteValue() : 0;
  }

  static byte[] octets(JsonObject from, String name) {
    return HexFormat.of().parseHex(text(from, name));
  }

  static void put(JsonObject to, String name, byte number) {
    to.addProperty(name, number & 0xff);
  }

  static void put(JsonObject to, String name, String text) {
    to.addProperty(name, text == null ? "" : text);
  }

  static void put(JsonObject to, String name, byte[] octets) {
    to.addProperty(name, octets == null ? "" : HexFormat.of().formatHex(octets));
  }

  static JsonArray tlv(short tag, byte[] octets) {
    JsonArray pair = new JsonArray();
    pair.add(tag & 0xffff);
    pair.add(HexFormat.of().formatHex(octets));
    return pair;
  }

  private static int freePort() throws Exception {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }
}
