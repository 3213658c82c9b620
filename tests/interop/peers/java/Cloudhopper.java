import com.cloudhopper.commons.charset.Charset;
import com.cloudhopper.commons.charset.CharsetUtil;
import com.cloudhopper.commons.util.windowing.WindowFuture;
import com.cloudhopper.smpp.SmppBindType;
import com.cloudhopper.smpp.SmppConstants;
import com.cloudhopper.smpp.SmppServerConfiguration;
import com.cloudhopper.smpp.SmppServerHandler;
import com.cloudhopper.smpp.SmppServerSession;
import com.cloudhopper.smpp.SmppSession;
import com.cloudhopper.smpp.SmppSessionConfiguration;
import com.cloudhopper.smpp.impl.DefaultSmppClient;
import com.cloudhopper.smpp.impl.DefaultSmppServer;
import com.cloudhopper.smpp.impl.DefaultSmppSession;
import com.cloudhopper.smpp.impl.DefaultSmppSessionHandler;
import com.cloudhopper.smpp.pdu.BaseBind;
import com.cloudhopper.smpp.pdu.BaseBindResp;
import com.cloudhopper.smpp.pdu.BaseSm;
import com.cloudhopper.smpp.pdu.BaseSmResp;
import com.cloudhopper.smpp.pdu.CancelSm;
import com.cloudhopper.smpp.pdu.DataSm;
import com.cloudhopper.smpp.pdu.DeliverSm;
import com.cloudhopper.smpp.pdu.DeliverSmResp;
import com.cloudhopper.smpp.pdu.EnquireLink;
import com.cloudhopper.smpp.pdu.Pdu;
import com.cloudhopper.smpp.pdu.PduRequest;
import com.cloudhopper.smpp.pdu.PduResponse;
import com.cloudhopper.smpp.pdu.QuerySm;
import com.cloudhopper.smpp.pdu.QuerySmResp;
import com.cloudhopper.smpp.pdu.ReplaceSm;
import com.cloudhopper.smpp.pdu.SubmitSm;
import com.cloudhopper.smpp.pdu.Unbind;
import com.cloudhopper.smpp.ssl.SslConfiguration;
import com.cloudhopper.smpp.tlv.Tlv;
import com.cloudhopper.smpp.type.Address;
import com.cloudhopper.smpp.type.RecoverablePduException;
import com.cloudhopper.smpp.type.SmppBindException;
import com.cloudhopper.smpp.type.SmppProcessingException;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.HexFormat;
import java.util.Locale;
import org.jboss.netty.buffer.ChannelBuffers;

/**
 * Cloudhopper in either role.
 *
 * <p>What is left to the application, and so done here: answering unbind, and the generic_nack for
 * an unknown command. The Netty below it loses the records of TLS 1.3, so 1.2 is all it may speak.
 */
final class Cloudhopper extends Stack {
  private final DefaultSmppClient client = new DefaultSmppClient();
  private DefaultSmppServer server;
  private volatile SmppSession session;

  @Override
  void listen(int port, boolean isTls) throws Exception {
    SmppServerConfiguration configuration = new SmppServerConfiguration();
    configuration.setHost("127.0.0.1");
    configuration.setPort(port);
    configuration.setSystemId(SYSTEM_ID);
    configuration.setUseSsl(isTls);
    if (isTls) configuration.setSslConfiguration(ssl());
    server = new DefaultSmppServer(configuration, new Binds());
    server.start();
  }

  @Override
  JsonObject connect(int port, boolean isTls, JsonObject bind) throws Exception {
    String command = text(bind, "command");
    SmppSessionConfiguration configuration = new SmppSessionConfiguration();
    configuration.setType(
        SmppBindType.valueOf(command.substring("bind_".length()).toUpperCase(Locale.ROOT)));
    configuration.setHost("127.0.0.1");
    configuration.setPort(port);
    configuration.setSystemId(text(bind, "system_id"));
    configuration.setPassword(text(bind, "password"));
    configuration.setSystemType(text(bind, "system_type"));
    configuration.setInterfaceVersion(number(bind, "interface_version"));
    configuration.setUseSsl(isTls);
    if (isTls) configuration.setSslConfiguration(ssl());
    try {
      session = client.bind(configuration, new Requests());
      return message(command + "_resp", 0);
    } catch (SmppBindException refused) {
      return message(command + "_resp", refused.getBindResponse().getCommandStatus());
    }
  }

  @Override
  JsonObject ask(JsonObject message) throws Exception {
    WindowFuture<Integer, PduRequest, PduResponse> future =
        session.sendRequestPdu(request(message), TIMEOUT_MS, true);
    if (!future.await()) throw new IllegalStateException("no answer");
    return message(future.getResponse());
  }

  @Override
  void raw(byte[] octets) {
    ((DefaultSmppSession) session).getChannel().write(ChannelBuffers.wrappedBuffer(octets));
  }

  @Override
  void unbind() {
    session.unbind(TIMEOUT_MS);
  }

  @Override
  void close() {
    if (session != null) session.destroy();
    if (server != null) server.destroy();
    session = null;
    server = null;
  }

  private static SslConfiguration ssl() {
    SslConfiguration configuration = new SslConfiguration();
    configuration.setKeyStorePath(System.getProperty("javax.net.ssl.keyStore"));
    configuration.setKeyStoreType("PKCS12");
    configuration.setKeyStorePassword("changeit");
    configuration.setKeyManagerPassword("changeit");
    configuration.setTrustStorePath(System.getProperty("javax.net.ssl.trustStore"));
    configuration.setTrustStoreType("PKCS12");
    configuration.setTrustStorePassword("changeit");
    configuration.setIncludeProtocols("TLSv1.2");
    return configuration;
  }

  // --- records to objects ---------------------------------------------------------------------

  private static PduRequest<?> request(JsonObject from) throws Exception {
    PduRequest<?> made;
    switch (text(from, "command")) {
      case "submit_sm":
        made = shortMessage(new SubmitSm(), from);
        break;
      case "deliver_sm":
        made = shortMessage(new DeliverSm(), from);
        break;
      case "data_sm":
        made = common(new DataSm(), from);
        break;
      case "query_sm":
        QuerySm query = new QuerySm();
        query.setMessageId(text(from, "message_id"));
        query.setSourceAddress(address(from, "source_addr", "source_addr"));
        made = query;
        break;
      case "cancel_sm":
        CancelSm cancel = new CancelSm();
        cancel.setServiceType(text(from, "service_type"));
        cancel.setMessageId(text(from, "message_id"));
        cancel.setSourceAddress(address(from, "source_addr", "source_addr"));
        cancel.setDestAddress(address(from, "dest_addr", "destination_addr"));
        made = cancel;
        break;
      case "replace_sm":
        made = replace(from);
        break;
      case "enquire_link":
        made = new EnquireLink();
        break;
      default:
        throw new IllegalArgumentException(text(from, "command"));
    }
    if (from.has("tlvs")) {
      for (JsonElement each : from.getAsJsonArray("tlvs")) {
        JsonArray pair = each.getAsJsonArray();
        byte[] octets = HexFormat.of().parseHex(pair.get(1).getAsString());
        made.addOptionalParameter(new Tlv((short) pair.get(0).getAsInt(), octets));
      }
    }
    return made;
  }

  private static BaseSm<?> common(BaseSm<?> made, JsonObject from) {
    made.setServiceType(text(from, "service_type"));
    made.setSourceAddress(address(from, "source_addr", "source_addr"));
    made.setDestAddress(address(from, "dest_addr", "destination_addr"));
    made.setEsmClass(number(from, "esm_class"));
    made.setRegisteredDelivery(number(from, "registered_delivery"));
    made.setDataCoding(number(from, "data_coding"));
    return made;
  }

  private static BaseSm<?> shortMessage(BaseSm<?> made, JsonObject from) throws Exception {
    common(made, from);
    made.setProtocolId(number(from, "protocol_id"));
    made.setPriority(number(from, "priority_flag"));
    made.setScheduleDeliveryTime(text(from, "schedule_delivery_time"));
    made.setValidityPeriod(text(from, "validity_period"));
    made.setReplaceIfPresent(number(from, "replace_if_present_flag"));
    made.setDefaultMsgId(number(from, "sm_default_msg_id"));
    made.setShortMessage(
        from.has("text")
            ? CharsetUtil.encode(text(from, "text"), charset(made.getDataCoding()))
            : octets(from, "short_message"));
    return made;
  }

  private static ReplaceSm replace(JsonObject from) throws Exception {
    ReplaceSm made = new ReplaceSm();
    made.setMessageId(text(from, "message_id"));
    made.setSourceAddress(address(from, "source_addr", "source_addr"));
    made.setScheduleDeliveryTime(text(from, "schedule_delivery_time"));
    made.setValidityPeriod(text(from, "validity_period"));
    made.setRegisteredDelivery(number(from, "registered_delivery"));
    made.setDefaultMsgId(number(from, "sm_default_msg_id"));
    made.setShortMessage(octets(from, "short_message"));
    return made;
  }

  private static Address address(JsonObject from, String numbering, String digits) {
    return new Address(
        number(from, numbering + "_ton"), number(from, numbering + "_npi"), text(from, digits));
  }

  private static Charset charset(byte dataCoding) {
    return dataCoding == SmppConstants.DATA_CODING_UCS2
        ? CharsetUtil.CHARSET_UCS_2
        : CharsetUtil.CHARSET_GSM;
  }

  // --- objects to records ---------------------------------------------------------------------

  private static JsonObject message(Pdu pdu) {
    JsonObject made = message(pdu.getName(), pdu.getCommandStatus());
    if (pdu instanceof BaseSm) put(made, (BaseSm<?>) pdu);
    if (pdu instanceof QuerySm) {
      put(made, "message_id", ((QuerySm) pdu).getMessageId());
      put(made, "source_addr", ((QuerySm) pdu).getSourceAddress(), "source_addr");
    }
    if (pdu instanceof CancelSm) {
      put(made, "message_id", ((CancelSm) pdu).getMessageId());
      put(made, "service_type", ((CancelSm) pdu).getServiceType());
      put(made, "source_addr", ((CancelSm) pdu).getSourceAddress(), "source_addr");
      put(made, "dest_addr", ((CancelSm) pdu).getDestAddress(), "destination_addr");
    }
    if (pdu instanceof ReplaceSm) put(made, (ReplaceSm) pdu);
    if (pdu instanceof BaseSmResp) put(made, "message_id", ((BaseSmResp) pdu).getMessageId());
    if (pdu instanceof QuerySmResp) {
      put(made, "message_id", ((QuerySmResp) pdu).getMessageId());
      put(made, "final_date", ((QuerySmResp) pdu).getFinalDate());
      put(made, "message_state", ((QuerySmResp) pdu).getMessageState());
      put(made, "error_code", ((QuerySmResp) pdu).getErrorCode());
    }
    JsonArray tlvs = new JsonArray();
    if (pdu.getOptionalParameters() != null) {
      for (Tlv each : pdu.getOptionalParameters()) tlvs.add(tlv(each.getTag(), each.getValue()));
    }
    made.add("tlvs", tlvs);
    return made;
  }

  private static void put(JsonObject made, BaseSm<?> pdu) {
    put(made, "service_type", pdu.getServiceType());
    put(made, "source_addr", pdu.getSourceAddress(), "source_addr");
    put(made, "dest_addr", pdu.getDestAddress(), "destination_addr");
    put(made, "esm_class", pdu.getEsmClass());
    put(made, "registered_delivery", pdu.getRegisteredDelivery());
    put(made, "data_coding", pdu.getDataCoding());
    if (pdu instanceof DataSm) return;
    put(made, "protocol_id", pdu.getProtocolId());
    put(made, "priority_flag", pdu.getPriority());
    put(made, "schedule_delivery_time", pdu.getScheduleDeliveryTime());
    put(made, "validity_period", pdu.getValidityPeriod());
    put(made, "replace_if_present_flag", pdu.getReplaceIfPresent());
    put(made, "sm_default_msg_id", pdu.getDefaultMsgId());
    put(made, "short_message", pdu.getShortMessage());
    put(made, "text", CharsetUtil.decode(pdu.getShortMessage(), charset(pdu.getDataCoding())));
  }

  private static void put(JsonObject made, ReplaceSm pdu) {
    put(made, "message_id", pdu.getMessageId());
    put(made, "source_addr", pdu.getSourceAddress(), "source_addr");
    put(made, "schedule_delivery_time", pdu.getScheduleDeliveryTime());
    put(made, "validity_period", pdu.getValidityPeriod());
    put(made, "registered_delivery", pdu.getRegisteredDelivery());
    put(made, "sm_default_msg_id", pdu.getDefaultMsgId());
    put(made, "short_message", pdu.getShortMessage());
  }

  private static void put(JsonObject made, String numbering, Address address, String digits) {
    Address known = address == null ? SmppConstants.EMPTY_ADDRESS : address;
    put(made, numbering + "_ton", known.getTon());
    put(made, numbering + "_npi", known.getNpi());
    put(made, digits, known.getAddress());
  }

  // --- what the other side asks ---------------------------------------------------------------

  private final class Requests extends DefaultSmppSessionHandler {
    @Override
    public PduResponse firePduRequestReceived(PduRequest request) {
      PduResponse response = request.createResponse();
      if (request instanceof EnquireLink || request instanceof Unbind) return response;
      heard.add(message(request));
      if (request instanceof SubmitSm && isBarred((SubmitSm) request)) {
        response.setCommandStatus(RINVDSTADR);
      } else if (request instanceof QuerySm) {
        answer((QuerySm) request, (QuerySmResp) response);
      } else if (response instanceof BaseSmResp && !(response instanceof DeliverSmResp)) {
        ((BaseSmResp) response).setMessageId(MESSAGE_ID);
      }
      return response;
    }

    @Override
    public void fireRecoverablePduException(RecoverablePduException error) {
      PduRequest<?> partial = (PduRequest<?>) error.getPartialPdu();
      try {
        session.sendResponsePdu(partial.createGenericNack(SmppConstants.STATUS_INVCMDID));
      } catch (Exception failure) {
        failure.printStackTrace();
      }
    }

    @Override
    public void fireChannelUnexpectedlyClosed() {
      ends.release();
    }

    private boolean isBarred(SubmitSm request) {
      return request.getDestAddress().getAddress().equals("500");
    }

    private void answer(QuerySm request, QuerySmResp response) {
      if (request.getMessageId().equals("unknown")) {
        response.setCommandStatus(RQUERYFAIL);
      } else {
        response.setMessageId(request.getMessageId());
        response.setMessageState(SmppConstants.STATE_ENROUTE);
      }
    }
  }

  private final class Binds implements SmppServerHandler {
    @Override
    public void sessionBindRequested(Long id, SmppSessionConfiguration with, BaseBind bind)
        throws SmppProcessingException {
      if (!PASSWORD.equals(with.getPassword())) throw new SmppProcessingException(RINVPASWD);
    }

    @Override
    public void sessionCreated(Long id, SmppServerSession made, BaseBindResp response) {
      session = made;
      made.serverReady(new Requests());
    }

    @Override
    public void sessionDestroyed(Long id, SmppServerSession gone) {
      ends.release();
    }
  }
}
