import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.Arrays;
import org.jsmpp.bean.Address;
import org.jsmpp.bean.DestinationAddress;
import org.jsmpp.bean.DistributionList;
import org.jsmpp.bean.UnsuccessDelivery;

/** The destinations of jSMPP's submit_multi: it sends to addresses alone, and reads lists too. */
final class Addresses {
  private Addresses() {}

  static Address[] read(JsonObject from) {
    JsonArray each = from.getAsJsonArray("dest_address");
    Address[] made = new Address[each.size()];
    for (int at = 0; at < made.length; at++) {
      JsonObject one = each.get(at).getAsJsonObject();
      made[at] =
          new Address(
              Stack.number(one, "dest_addr_ton"),
              Stack.number(one, "dest_addr_npi"),
              Stack.text(one, "destination_addr"));
    }
    return made;
  }

  static void write(JsonObject to, DestinationAddress[] addresses) {
    JsonArray made = new JsonArray();
    for (DestinationAddress each : addresses) made.add(destination(each));
    to.add("dest_address", made);
  }

  static void write(JsonObject to, UnsuccessDelivery[] refused) {
    JsonArray made = new JsonArray();
    for (UnsuccessDelivery each : refused) {
      JsonObject one = destination(each.getDestinationAddress()).getAsJsonObject();
      one.addProperty("error_status_code", each.getErrorStatusCode());
      made.add(one);
    }
    to.add("unsuccess_sme", made);
  }

  static UnsuccessDelivery[] barred(DestinationAddress[] addresses) {
    return Arrays.stream(addresses)
        .filter(each -> each instanceof Address && ((Address) each).getAddress().equals("500"))
        .map(each -> new UnsuccessDelivery((Address) each, Stack.RINVDSTADR))
        .toArray(UnsuccessDelivery[]::new);
  }

  private static JsonElement destination(DestinationAddress from) {
    JsonObject made = new JsonObject();
    if (from instanceof DistributionList) {
      Stack.put(made, "dl_name", ((DistributionList) from).getName());
    } else {
      Address address = (Address) from;
      Stack.put(made, "dest_addr_ton", address.getTon());
      Stack.put(made, "dest_addr_npi", address.getNpi());
      Stack.put(made, "destination_addr", address.getAddress());
    }
    return made;
  }
}
