import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.HexFormat;
import org.jsmpp.bean.AbstractSmCommand;
import org.jsmpp.bean.Address;
import org.jsmpp.bean.AlertNotification;
import org.jsmpp.bean.BindType;
import org.jsmpp.bean.BroadcastSm;
import org.jsmpp.bean.CancelBroadcastSm;
import org.jsmpp.bean.CancelSm;
import org.jsmpp.bean.DataSm;
import org.jsmpp.bean.DeliverSm;
import org.jsmpp.bean.ESMClass;
import org.jsmpp.bean.InterfaceVersion;
import org.jsmpp.bean.MessageRequest;
import org.jsmpp.bean.MessageState;
import org.jsmpp.bean.NumberingPlanIndicator;
import org.jsmpp.bean.OptionalParameter;
import org.jsmpp.bean.QueryBroadcastSm;
import org.jsmpp.bean.QuerySm;
import org.jsmpp.bean.RawDataCoding;
import org.jsmpp.bean.RegisteredDelivery;
import org.jsmpp.bean.ReplaceIfPresentFlag;
import org.jsmpp.bean.ReplaceSm;
import org.jsmpp.bean.SubmitMulti;
import org.jsmpp.bean.SubmitSm;
import org.jsmpp.bean.TypeOfNumber;
import org.jsmpp.extra.NegativeResponseException;
import org.jsmpp.extra.ProcessRequestException;
import org.jsmpp.extra.SessionState;
import org.jsmpp.session.AbstractSession;
import org.jsmpp.session.BindParameter;
import org.jsmpp.session.BindRequest;
import org.jsmpp.session.BroadcastSmResult;
import org.jsmpp.session.DataSmResult;
import org.jsmpp.session.MessageReceiverListener;
import org.jsmpp.session.QueryBroadcastSmResult;
import org.jsmpp.session.QuerySmResult;
import org.jsmpp.session.SMPPServerSession;
import org.jsmpp.session.SMPPServerSessionListener;
import org.jsmpp.session.SMPPSession;
import org.jsmpp.session.ServerMessageReceiverListener;
import org.jsmpp.session.Session;
import org.jsmpp.session.SubmitMultiResult;
import org.jsmpp.session.SubmitSmResult;
import org.jsmpp.session.connection.Connection;
import org.jsmpp.session.connection.ConnectionFactory;
import org.jsmpp.session.connection.ServerConnectionFactory;
import org.jsmpp.session.connection.socket.SSLServerSocketConnectionFactory;
import org.jsmpp.session.connection.socket.SSLSocketConnectionFactory;
import org.jsmpp.session.connection.socket.ServerSocketConnectionFactory;
import org.jsmpp.session.connection.socket.SocketConnectionFactory;
import org.jsmpp.util.MessageId;

/**
 * jSMPP in either role.
 *
 * <p>It has no alphabets, so texts go as octets. It asks enquire_link by itself only, so the method
 * behind that, and the stream for raw octets, are reached by reflection.
 */
final class Jsmpp extends Stack {
  private SMPPServerSessionListener listener;
  private volatile AbstractSession session;

  @Override
  void listen(int port, boolean isTls) throws Exception {
    ServerConnectionFactory factory =
        isTls ? new SSLServerSocketConnectionFactory() : new ServerSocketConnectionFactory();
    SMPPServerSessionListener made = new SMPPServerSessionListener(port, factory);
    made.setMessageReceiverListener(new ServerRequests());
    listener = made;
    Thread thread = new Thread(() -> acceptAll(made));
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  JsonObject connect(int port, boolean isTls, JsonObject bind) throws Exception {
    ConnectionFactory factory =
        isTls ? SSLSocketConnectionFactory.getInstance() : SocketConnectionFactory.getInstance();
    SMPPSession made = new SMPPSession(factory);
    made.setMessageReceiverListener(new ClientRequests());
    adopt(made);
    String command = text(bind, "command");
    BindParameter parameter =
        new BindParameter(
            bindType(command),
            text(bind, "system_id"),
            text(bind, "password"),
            text(bind, "system_type"),
            TypeOfNumber.UNKNOWN,
            NumberingPlanIndicator.UNKNOWN,
            "",
            InterfaceVersion.valueOf(number(bind, "interface_version")));
    try {
      String systemId = made.connectAndBind("127.0.0.1", port, parameter, TIMEOUT_MS);
      JsonObject answer = message(command + "_resp", 0);
      put(answer, "system_id", systemId);
      return answer;
    } catch (IOException error) {
      if (!(error.getCause() instanceof NegativeResponseException)) throw error;
      int status = ((NegativeResponseException) error.getCause()).getCommandStatus();
      return message(command + "_resp", status);
    }
  }

  @Override
  JsonObject ask(JsonObject pdu) throws Exception {
    String command = text(pdu, "command");
    JsonObject answer = message(command + "_resp", 0);
    try {
      ask(command, pdu, answer);
    } catch (NegativeResponseException refused) {
      return message(command + "_resp", refused.getCommandStatus());
    }
    return answer;
  }

  @Override
  void raw(byte[] octets) throws Exception {
    OutputStream out = ((Connection) inner("connection")).getOutputStream();
    out.write(octets);
    out.flush();
  }

  @Override
  void unbind() throws Exception {
    session.unbind();
    session.close();
  }

  @Override
  void close() throws Exception {
    if (listener != null) listener.close();
    if (session != null) session.close();
    listener = null;
    session = null;
  }

  private void adopt(AbstractSession made) {
    made.setTransactionTimer(TIMEOUT_MS);
    made.addSessionStateListener(
        (state, before, source) -> {
          if (state == SessionState.CLOSED) ends.release();
        });
    session = made;
  }

  private void acceptAll(SMPPServerSessionListener from) {
    while (true) {
      try {
        SMPPServerSession made = from.accept();
        adopt(made);
        BindRequest bind = made.waitForBind(TIMEOUT_MS);
        if (PASSWORD.equals(bind.getPassword())) bind.accept(SYSTEM_ID, InterfaceVersion.IF_34);
        else bind.reject(RINVPASWD);
      } catch (Exception closed) {
        return;
      }
    }
  }

  private Object inner(String name) throws Exception {
    Method method = AbstractSession.class.getDeclaredMethod(name);
    method.setAccessible(true);
    return method.invoke(session);
  }

  // --- what it is told to ask -----------------------------------------------------------------

  private void ask(String command, JsonObject pdu, JsonObject answer) throws Exception {
    SMPPSession esme = session instanceof SMPPSession ? (SMPPSession) session : null;
    switch (command) {
      case "submit_sm":
        submit(esme, pdu, answer);
        break;
      case "submit_multi":
        submitMulti(esme, pdu, answer);
        break;
      case "deliver_sm":
        deliver((SMPPServerSession) session, pdu);
        break;
      case "data_sm":
        data(pdu, answer);
        break;
      case "query_sm":
        QuerySmResult found =
            esme.queryShortMessage(
                text(pdu, "message_id"),
                ton(pdu, "source_addr"),
                npi(pdu, "source_addr"),
                text(pdu, "source_addr"));
        put(answer, "final_date", found.getFinalDate());
        put(answer, "message_state", found.getMessageState().value());
        put(answer, "error_code", found.getErrorCode());
        break;
      case "cancel_sm":
        esme.cancelShortMessage(
            text(pdu, "service_type"),
            text(pdu, "message_id"),
            ton(pdu, "source_addr"),
            npi(pdu, "source_addr"),
            text(pdu, "source_addr"),
            ton(pdu, "dest_addr"),
            npi(pdu, "dest_addr"),
            text(pdu, "destination_addr"));
        break;
      case "replace_sm":
        esme.replaceShortMessage(
            text(pdu, "message_id"),
            ton(pdu, "source_addr"),
            npi(pdu, "source_addr"),
            text(pdu, "source_addr"),
            text(pdu, "schedule_delivery_time"),
            text(pdu, "validity_period"),
            new RegisteredDelivery(number(pdu, "registered_delivery")),
            number(pdu, "sm_default_msg_id"),
            octets(pdu, "short_message"));
        break;
      case "alert_notification":
        alert((SMPPServerSession) session, pdu);
        break;
      case "enquire_link":
        inner("sendEnquireLink");
        break;
      default:
        throw new IllegalArgumentException(command);
    }
  }

  private static void submit(SMPPSession esme, JsonObject pdu, JsonObject answer)
      throws Exception {
    SubmitSmResult result =
        esme.submitShortMessage(
            text(pdu, "service_type"),
            ton(pdu, "source_addr"),
            npi(pdu, "source_addr"),
            text(pdu, "source_addr"),
            ton(pdu, "dest_addr"),
            npi(pdu, "dest_addr"),
            text(pdu, "destination_addr"),
            new ESMClass(number(pdu, "esm_class")),
            number(pdu, "protocol_id"),
            number(pdu, "priority_flag"),
            text(pdu, "schedule_delivery_time"),
            text(pdu, "validity_period"),
            new RegisteredDelivery(number(pdu, "registered_delivery")),
            number(pdu, "replace_if_present_flag"),
            new RawDataCoding(number(pdu, "data_coding")),
            number(pdu, "sm_default_msg_id"),
            octets(pdu, "short_message"),
            tlvs(pdu));
    put(answer, "message_id", result.getMessageId());
    answer.add("tlvs", tlvs(result.getOptionalParameters()));
  }

  private static void submitMulti(SMPPSession esme, JsonObject pdu, JsonObject answer)
      throws Exception {
    Address[] to = Addresses.read(pdu);
    SubmitMultiResult result =
        esme.submitMultiple(
            text(pdu, "service_type"),
            ton(pdu, "source_addr"),
            npi(pdu, "source_addr"),
            text(pdu, "source_addr"),
            to,
            new ESMClass(number(pdu, "esm_class")),
            number(pdu, "protocol_id"),
            number(pdu, "priority_flag"),
            text(pdu, "schedule_delivery_time"),
            text(pdu, "validity_period"),
            new RegisteredDelivery(number(pdu, "registered_delivery")),
            new ReplaceIfPresentFlag(number(pdu, "replace_if_present_flag")),
            new RawDataCoding(number(pdu, "data_coding")),
            number(pdu, "sm_default_msg_id"),
            octets(pdu, "short_message"),
            tlvs(pdu));
    put(answer, "message_id", result.getMessageId());
    Addresses.write(answer, result.getUnsuccessDeliveries());
  }

  private static void deliver(SMPPServerSession smsc, JsonObject pdu) throws Exception {
    smsc.deliverShortMessage(
        text(pdu, "service_type"),
        ton(pdu, "source_addr"),
        npi(pdu, "source_addr"),
        text(pdu, "source_addr"),
        ton(pdu, "dest_addr"),
        npi(pdu, "dest_addr"),
        text(pdu, "destination_addr"),
        new ESMClass(number(pdu, "esm_class")),
        number(pdu, "protocol_id"),
        number(pdu, "priority_flag"),
        new RegisteredDelivery(number(pdu, "registered_delivery")),
        new RawDataCoding(number(pdu, "data_coding")),
        octets(pdu, "short_message"),
        tlvs(pdu));
  }

  private void data(JsonObject pdu, JsonObject answer) throws Exception {
    DataSmResult result =
        session.dataShortMessage(
            text(pdu, "service_type"),
            ton(pdu, "source_addr"),
            npi(pdu, "source_addr"),
            text(pdu, "source_addr"),
            ton(pdu, "dest_addr"),
            npi(pdu, "dest_addr"),
            text(pdu, "destination_addr"),
            new ESMClass(number(pdu, "esm_class")),
            new RegisteredDelivery(number(pdu, "registered_delivery")),
            new RawDataCoding(number(pdu, "data_coding")),
            tlvs(pdu));
    put(answer, "message_id", result.getMessageId());
    answer.add("tlvs", tlvs(result.getOptionalParameters()));
  }

  private static void alert(SMPPServerSession smsc, JsonObject pdu) throws Exception {
    smsc.alertNotification(
        ton(pdu, "source_addr"),
        npi(pdu, "source_addr"),
        text(pdu, "source_addr"),
        ton(pdu, "esme_addr"),
        npi(pdu, "esme_addr"),
        text(pdu, "esme_addr"),
        tlvs(pdu));
  }

  private static BindType bindType(String command) {
    switch (command) {
      case "bind_transmitter":
        return BindType.BIND_TX;
      case "bind_receiver":
        return BindType.BIND_RX;
      default:
        return BindType.BIND_TRX;
    }
  }

  private static TypeOfNumber ton(JsonObject from, String name) {
    return TypeOfNumber.valueOf(number(from, name + "_ton"));
  }

  private static NumberingPlanIndicator npi(JsonObject from, String name) {
    return NumberingPlanIndicator.valueOf(number(from, name + "_npi"));
  }

  private static OptionalParameter[] tlvs(JsonObject from) {
    JsonArray pairs = from.has("tlvs") ? from.getAsJsonArray("tlvs") : new JsonArray();
    OptionalParameter[] made = new OptionalParameter[pairs.size()];
    for (int at = 0; at < made.length; at++) {
      JsonArray pair = pairs.get(at).getAsJsonArray();
      byte[] octets = HexFormat.of().parseHex(pair.get(1).getAsString());
      made[at] = new OptionalParameter.OctetString((short) pair.get(0).getAsInt(), octets);
    }
    return made;
  }

  // --- what the other side asks ---------------------------------------------------------------

  private static JsonArray tlvs(OptionalParameter[] from) {
    JsonArray made = new JsonArray();
    if (from == null) return made;
    for (OptionalParameter each : from) {
      byte[] whole = each.serialize();
      made.add(tlv(each.tag, Arrays.copyOfRange(whole, 4, whole.length)));
    }
    return made;
  }

  private static JsonObject common(String command, AbstractSmCommand pdu) {
    JsonObject made = message(command, pdu.getCommandStatus());
    put(made, "service_type", pdu.getServiceType());
    put(made, "source_addr_ton", pdu.getSourceAddrTon());
    put(made, "source_addr_npi", pdu.getSourceAddrNpi());
    put(made, "source_addr", pdu.getSourceAddr());
    put(made, "dest_addr_ton", pdu.getDestAddrTon());
    put(made, "dest_addr_npi", pdu.getDestAddrNpi());
    put(made, "destination_addr", pdu.getDestAddress());
    put(made, "esm_class", pdu.getEsmClass());
    put(made, "registered_delivery", pdu.getRegisteredDelivery());
    put(made, "data_coding", pdu.getDataCoding());
    made.add("tlvs", tlvs(pdu.getOptionalParameters()));
    return made;
  }

  private static JsonObject shortMessage(String command, MessageRequest pdu) {
    JsonObject made = common(command, pdu);
    put(made, "protocol_id", pdu.getProtocolId());
    put(made, "priority_flag", pdu.getPriorityFlag());
    put(made, "schedule_delivery_time", pdu.getScheduleDeliveryTime());
    put(made, "validity_period", pdu.getValidityPeriod());
    put(made, "replace_if_present_flag", pdu.getReplaceIfPresent());
    put(made, "sm_default_msg_id", pdu.getSmDefaultMsgId());
    put(made, "short_message", pdu.getShortMessage());
    return made;
  }

  private DataSmResult takeData(DataSm pdu) throws ProcessRequestException {
    heard.add(common("data_sm", pdu));
    return new DataSmResult(messageId(), new OptionalParameter[0]);
  }

  private static MessageId messageId() throws ProcessRequestException {
    try {
      return new MessageId(MESSAGE_ID);
    } catch (org.jsmpp.PDUStringException error) {
      throw new ProcessRequestException(error.getMessage(), 8);
    }
  }

  private final class ClientRequests implements MessageReceiverListener {
    @Override
    public void onAcceptDeliverSm(DeliverSm pdu) {
      heard.add(shortMessage("deliver_sm", pdu));
    }

    @Override
    public void onAcceptAlertNotification(AlertNotification pdu) {
      JsonObject made = message("alert_notification", pdu.getCommandStatus());
      put(made, "source_addr_ton", pdu.getSourceAddrTon());
      put(made, "source_addr_npi", pdu.getSourceAddrNpi());
      put(made, "source_addr", pdu.getSourceAddr());
      put(made, "esme_addr_ton", pdu.getEsmeAddrTon());
      put(made, "esme_addr_npi", pdu.getEsmeAddrNpi());
      put(made, "esme_addr", pdu.getEsmeAddr());
      made.add("tlvs", tlvs(pdu.getOptionalParameters()));
      heard.add(made);
    }

    @Override
    public DataSmResult onAcceptDataSm(DataSm pdu, Session source)
        throws ProcessRequestException {
      return takeData(pdu);
    }
  }

  private final class ServerRequests implements ServerMessageReceiverListener {
    @Override
    public SubmitSmResult onAcceptSubmitSm(SubmitSm pdu, SMPPServerSession source)
        throws ProcessRequestException {
      heard.add(shortMessage("submit_sm", pdu));
      if (pdu.getDestAddress().equals("500")) throw new ProcessRequestException("", RINVDSTADR);
      return new SubmitSmResult(messageId(), new OptionalParameter[0]);
    }

    @Override
    public SubmitMultiResult onAcceptSubmitMulti(SubmitMulti pdu, SMPPServerSession source) {
      JsonObject made = message("submit_multi", pdu.getCommandStatus());
      put(made, "service_type", pdu.getServiceType());
      put(made, "source_addr_ton", pdu.getSourceAddrTon());
      put(made, "source_addr_npi", pdu.getSourceAddrNpi());
      put(made, "source_addr", pdu.getSourceAddr());
      Addresses.write(made, pdu.getDestAddresses());
      put(made, "esm_class", pdu.getEsmClass());
      put(made, "protocol_id", pdu.getProtocolId());
      put(made, "priority_flag", pdu.getPriorityFlag());
      put(made, "schedule_delivery_time", pdu.getScheduleDeliveryTime());
      put(made, "validity_period", pdu.getValidityPeriod());
      put(made, "registered_delivery", pdu.getRegisteredDelivery());
      put(made, "replace_if_present_flag", pdu.getReplaceIfPresentFlag());
      put(made, "data_coding", pdu.getDataCoding());
      put(made, "sm_default_msg_id", pdu.getSmDefaultMsgId());
      put(made, "short_message", pdu.getShortMessage());
      made.add("tlvs", tlvs(pdu.getOptionalParameters()));
      heard.add(made);
      return new SubmitMultiResult(
          MESSAGE_ID, Addresses.barred(pdu.getDestAddresses()), new OptionalParameter[0]);
    }

    @Override
    public QuerySmResult onAcceptQuerySm(QuerySm pdu, SMPPServerSession source)
        throws ProcessRequestException {
      JsonObject made = message("query_sm", pdu.getCommandStatus());
      put(made, "message_id", pdu.getMessageId());
      put(made, "source_addr_ton", pdu.getSourceAddrTon());
      put(made, "source_addr_npi", pdu.getSourceAddrNpi());
      put(made, "source_addr", pdu.getSourceAddr());
      heard.add(made);
      if (pdu.getMessageId().equals("unknown")) throw new ProcessRequestException("", RQUERYFAIL);
      return new QuerySmResult("", MessageState.ENROUTE, (byte) 0);
    }

    @Override
    public void onAcceptReplaceSm(ReplaceSm pdu, SMPPServerSession source) {
      JsonObject made = message("replace_sm", pdu.getCommandStatus());
      put(made, "message_id", pdu.getMessageId());
      put(made, "source_addr_ton", pdu.getSourceAddrTon());
      put(made, "source_addr_npi", pdu.getSourceAddrNpi());
      put(made, "source_addr", pdu.getSourceAddr());
      put(made, "schedule_delivery_time", pdu.getScheduleDeliveryTime());
      put(made, "validity_period", pdu.getValidityPeriod());
      put(made, "registered_delivery", pdu.getRegisteredDelivery());
      put(made, "sm_default_msg_id", pdu.getSmDefaultMsgId());
      put(made, "short_message", pdu.getShortMessage());
      heard.add(made);
    }

    @Override
    public void onAcceptCancelSm(CancelSm pdu, SMPPServerSession source) {
      JsonObject made = message("cancel_sm", pdu.getCommandStatus());
      put(made, "service_type", pdu.getServiceType());
      put(made, "message_id", pdu.getMessageId());
      put(made, "source_addr_ton", pdu.getSourceAddrTon());
      put(made, "source_addr_npi", pdu.getSourceAddrNpi());
      put(made, "source_addr", pdu.getSourceAddr());
      put(made, "dest_addr_ton", pdu.getDestAddrTon());
      put(made, "dest_addr_npi", pdu.getDestAddrNpi());
      put(made, "destination_addr", pdu.getDestinationAddress());
      heard.add(made);
    }

    @Override
    public DataSmResult onAcceptDataSm(DataSm pdu, Session source)
        throws ProcessRequestException {
      return takeData(pdu);
    }

    @Override
    public BroadcastSmResult onAcceptBroadcastSm(BroadcastSm pdu, SMPPServerSession source)
        throws ProcessRequestException {
      throw new ProcessRequestException("", 3);
    }

    @Override
    public void onAcceptCancelBroadcastSm(CancelBroadcastSm pdu, SMPPServerSession source)
        throws ProcessRequestException {
      throw new ProcessRequestException("", 3);
    }

    @Override
    public QueryBroadcastSmResult onAcceptQueryBroadcastSm(
        QueryBroadcastSm pdu, SMPPServerSession source) throws ProcessRequestException {
      throw new ProcessRequestException("", 3);
    }
  }
}
