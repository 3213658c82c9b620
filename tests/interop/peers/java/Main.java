import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/** The line protocol of tests/interop/peer.py around one of the two stacks. */
public final class Main {
  public static void main(String[] arguments) throws Exception {
    System.setProperty("org.slf4j.simpleLogger.defaultLogLevel", "warn");
    Stack stack = arguments[0].equals("jsmpp") ? new Jsmpp() : new Cloudhopper();
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      out.println(reply(stack, JsonParser.parseString(line).getAsJsonObject()));
    }
    System.exit(0);
  }

  private static JsonObject reply(Stack stack, JsonObject what) {
    JsonObject reply = new JsonObject();
    try {
      reply.add("answer", stack.perform(what.get("do").getAsString(), what));
    } catch (Throwable error) {
      error.printStackTrace();
      reply.addProperty("error", error + ", " + error.getCause());
    }
    return reply;
  }
}
