// gosmpp: one goroutine submits, the window is a channel, answers come by OnAllPDU.
//
// Its own window (WindowedRequestTracking) ends at 255 and refuses instead of waiting, so it is
// left out: this is gosmpp at its best, with the correlation of requests done here, in an array.
//
//	client host port messages window scenario warmup
package main

import (
	"bufio"
	"fmt"
	"os"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/linxGnu/gosmpp"
	"github.com/linxGnu/gosmpp/data"
	"github.com/linxGnu/gosmpp/pdu"
)

const timed = 7

var text = "Dear customer, your parcel arrives today between 14 and 16. Reply STOP to end." +
	strings.Repeat(".", 22)

type client struct {
	session     *gosmpp.Session
	slots       chan struct{}
	began       []time.Time // by sequence_number, modulo its length
	latencies   []float64
	unanswered  int
	receiptsDue int
	hasReceipts bool
	done        chan struct{}
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func submit() *pdu.SubmitSM {
	request := pdu.NewSubmitSM().(*pdu.SubmitSM)
	request.SourceAddr, _ = pdu.NewAddressWithTonNpiAddr(5, 0, "heliograph")
	request.DestAddr, _ = pdu.NewAddressWithTonNpiAddr(1, 1, "4915112345678")
	check(request.Message.SetMessageWithEncoding(text, data.GSM7BIT))
	request.RegisteredDelivery = 1
	return request
}

func (c *client) onPDU(p pdu.PDU) (pdu.PDU, bool) {
	switch received := p.(type) {
	case *pdu.SubmitSMResp:
		at := &c.began[int(received.SequenceNumber)%len(c.began)]
		if !at.IsZero() {
			c.latencies = append(c.latencies, time.Since(*at).Seconds()*1000)
			*at = time.Time{}
		}
		<-c.slots
		c.unanswered--
		c.finish()
	case *pdu.DeliverSM:
		c.receiptsDue--
		c.finish()
		return received.GetResponse(), false
	case *pdu.EnquireLink:
		return received.GetResponse(), false
	}
	return nil, false
}

func (c *client) finish() {
	if c.unanswered == 0 && c.receiptsDue == 0 {
		c.done <- struct{}{}
	}
}

func (c *client) work(messages int) {
	if messages == 0 {
		return
	}
	c.unanswered = messages
	if c.hasReceipts {
		c.receiptsDue = messages
	}
	for number := 0; number < messages; number++ {
		c.slots <- struct{}{}
		request := submit()
		if number%timed == 0 {
			c.began[int(request.SequenceNumber)%len(c.began)] = time.Now()
		}
		check(c.session.Transceiver().Submit(request))
	}
	<-c.done
}

func main() {
	host, port, scenario := os.Args[1], os.Args[2], os.Args[5]
	messages, _ := strconv.Atoi(os.Args[3])
	window, _ := strconv.Atoi(os.Args[4])
	warmup, _ := strconv.Atoi(os.Args[6])
	c := &client{
		slots:       make(chan struct{}, window),
		began:       make([]time.Time, 1<<16),
		hasReceipts: scenario == "receipts",
		done:        make(chan struct{}, 1),
	}
	auth := gosmpp.Auth{SMSC: host + ":" + port, SystemID: "bench", Password: "secret"}
	session, err := gosmpp.NewSession(
		gosmpp.TRXConnector(gosmpp.NonTLSDialer, auth),
		gosmpp.Settings{ReadTimeout: 2 * time.Minute, OnAllPDU: c.onPDU},
		-1,
	)
	check(err)
	c.session = session
	stdin := bufio.NewReader(os.Stdin)
	c.work(warmup)
	c.latencies = c.latencies[:0]
	fmt.Println("ready")
	_, _ = stdin.ReadString('\n')
	began := time.Now()
	c.work(messages)
	seconds := time.Since(began).Seconds()
	sort.Float64s(c.latencies)
	fmt.Printf(
		"{\"messages\": %d, \"seconds\": %f, \"p50_ms\": %f, \"p99_ms\": %f}\n",
		messages, seconds, c.latencies[len(c.latencies)/2], c.latencies[len(c.latencies)*99/100],
	)
	_, _ = stdin.ReadString('\n')
	_ = session.Close()
}
