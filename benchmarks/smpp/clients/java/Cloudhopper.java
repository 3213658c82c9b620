import com.cloudhopper.smpp.PduAsyncResponse;
import com.cloudhopper.smpp.SmppBindType;
import com.cloudhopper.smpp.SmppSession;
import com.cloudhopper.smpp.SmppSessionConfiguration;
import com.cloudhopper.smpp.impl.DefaultSmppClient;
import com.cloudhopper.smpp.impl.DefaultSmppSession;
import com.cloudhopper.smpp.impl.DefaultSmppSessionHandler;
import com.cloudhopper.smpp.pdu.DeliverSm;
import com.cloudhopper.smpp.pdu.PduRequest;
import com.cloudhopper.smpp.pdu.PduResponse;
import com.cloudhopper.smpp.pdu.SubmitSm;
import com.cloudhopper.smpp.type.Address;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;

/** Cloudhopper: one thread sends asynchronously and waits in the library's own window. */
final class Cloudhopper extends DefaultSmppSessionHandler {
    private static final long TIMEOUT_MS = 120_000;

    private final Work work;
    private final DefaultSmppClient client =
            new DefaultSmppClient(Executors.newCachedThreadPool(), 1);
    private final SmppSession session;
    private volatile CountDownLatch answers;
    private volatile CountDownLatch receipts = new CountDownLatch(0);

    private Cloudhopper(Work work) throws Exception {
        this.work = work;
        SmppSessionConfiguration configuration =
                new SmppSessionConfiguration(SmppBindType.TRANSCEIVER, "bench", "secret");
        configuration.setHost(work.host);
        configuration.setPort(work.port);
        configuration.setWindowSize(work.window);
        configuration.setWindowWaitTimeout(TIMEOUT_MS);
        configuration.getLoggingOptions().setLogBytes(false);
        configuration.getLoggingOptions().setLogPdu(false);
        session = client.bind(configuration, this);
        // it has no setting for this, and without it an answer to a receipt waits 40 ms
        ((DefaultSmppSession) session).getChannel().getConfig().setOption("tcpNoDelay", true);
    }

    @Override
    public PduResponse firePduRequestReceived(PduRequest request) {
        if (request instanceof DeliverSm) {
            receipts.countDown();
        }
        return request.createResponse();
    }

    @Override
    public void fireExpectedPduResponseReceived(PduAsyncResponse response) {
        Object began = response.getRequest().getReferenceObject();
        if (began != null) {
            work.time((Long) began);
        }
        answers.countDown();
    }

    private SubmitSm submitSm() throws Exception {
        SubmitSm request = new SubmitSm();
        request.setSourceAddress(new Address((byte) 5, (byte) 0, "heliograph"));
        request.setDestAddress(new Address((byte) 1, (byte) 1, "4915112345678"));
        request.setRegisteredDelivery((byte) 1);
        request.setShortMessage(Work.TEXT);
        return request;
    }

    private void send(int messages) throws Exception {
        answers = new CountDownLatch(messages);
        if (work.hasReceipts) {
            receipts = new CountDownLatch(messages);
        }
        for (int number = 0; number < messages; number++) {
            SubmitSm request = submitSm();
            if (number % Work.TIMED == 0) {
                request.setReferenceObject(System.nanoTime());
            }
            session.sendRequestPdu(request, TIMEOUT_MS, false);
        }
        answers.await();
        receipts.await();
    }

    public static void main(String[] arguments) throws Exception {
        Work work = new Work(arguments);
        Cloudhopper cloudhopper = new Cloudhopper(work);
        cloudhopper.send(work.warmup);
        work.ready();
        long began = System.nanoTime();
        cloudhopper.send(work.messages);
        work.report((System.nanoTime() - began) / 1e9);
        cloudhopper.session.unbind(1000);
        cloudhopper.client.destroy();
        System.exit(0);
    }
}
