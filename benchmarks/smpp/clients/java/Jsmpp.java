import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.jsmpp.bean.AlertNotification;
import org.jsmpp.bean.BindType;
import org.jsmpp.bean.DataSm;
import org.jsmpp.bean.DeliverSm;
import org.jsmpp.bean.ESMClass;
import org.jsmpp.bean.NumberingPlanIndicator;
import org.jsmpp.bean.RawDataCoding;
import org.jsmpp.bean.RegisteredDelivery;
import org.jsmpp.bean.TypeOfNumber;
import org.jsmpp.session.BindParameter;
import org.jsmpp.session.DataSmResult;
import org.jsmpp.session.MessageReceiverListener;
import org.jsmpp.session.SMPPSession;
import org.jsmpp.session.Session;

/** jSMPP: a request blocks its thread, so a thread for each slot of the window. */
final class Jsmpp {
    private final Work work;
    private final SMPPSession session = new SMPPSession();
    private volatile CountDownLatch receipts = new CountDownLatch(0);

    private Jsmpp(Work work) throws Exception {
        this.work = work;
        session.setPduProcessorDegree(1); // answers need no more, on one core
        session.setQueueCapacity(4 * work.window);
        session.setEnquireLinkTimer(0);
        session.setTransactionTimer(120_000);
        session.setMessageReceiverListener(
                new MessageReceiverListener() {
                    @Override
                    public void onAcceptDeliverSm(DeliverSm deliverSm) {
                        receipts.countDown();
                    }

                    @Override
                    public void onAcceptAlertNotification(AlertNotification notification) {}

                    @Override
                    public DataSmResult onAcceptDataSm(DataSm dataSm, Session source) {
                        return null;
                    }
                });
        session.connectAndBind(
                work.host,
                work.port,
                new BindParameter(
                        BindType.BIND_TRX,
                        "bench",
                        "secret",
                        "",
                        TypeOfNumber.UNKNOWN,
                        NumberingPlanIndicator.UNKNOWN,
                        null));
    }

    private void submit() throws Exception {
        session.submitShortMessage(
                "",
                TypeOfNumber.ALPHANUMERIC,
                NumberingPlanIndicator.UNKNOWN,
                "heliograph",
                TypeOfNumber.INTERNATIONAL,
                NumberingPlanIndicator.ISDN,
                "4915112345678",
                new ESMClass(),
                (byte) 0,
                (byte) 0,
                null,
                null,
                new RegisteredDelivery(1),
                (byte) 0,
                new RawDataCoding((byte) 0),
                (byte) 0,
                Work.TEXT);
    }

    private void send(int messages) throws Exception {
        if (work.hasReceipts) {
            receipts = new CountDownLatch(messages);
        }
        AtomicInteger next = new AtomicInteger();
        Thread[] workers = new Thread[work.window];
        for (int slot = 0; slot < workers.length; slot++) {
            workers[slot] = new Thread(() -> sendSome(next, messages));
            workers[slot].start();
        }
        for (Thread worker : workers) {
            worker.join();
        }
        receipts.await();
    }

    private void sendSome(AtomicInteger next, int messages) {
        try {
            for (int number; (number = next.getAndIncrement()) < messages; ) {
                if (number % Work.TIMED == 0) {
                    long began = System.nanoTime();
                    submit();
                    work.time(began);
                } else {
                    submit();
                }
            }
        } catch (Exception error) {
            error.printStackTrace();
            System.exit(1);
        }
    }

    public static void main(String[] arguments) throws Exception {
        Work work = new Work(arguments);
        Jsmpp client = new Jsmpp(work);
        client.send(work.warmup);
        work.ready();
        long began = System.nanoTime();
        client.send(work.messages);
        work.report((System.nanoTime() - began) / 1e9);
        client.session.unbindAndClose();
    }
}
