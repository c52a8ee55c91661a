package emailservice

import (
	"fmt"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/IBM/sarama"
	"github.com/emersion/go-smtp"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
	"golang.org/x/sync/errgroup"

	"workshop.example/ecommerce/stream"
	"workshop.example/ecommerce/streamtest"
	"workshop.example/kit/event"
	"workshop.example/kit/kafkatest"
	"workshop.example/kit/service"
)

const (
	group = "EmailService"
	text  = "Thank you for your order! We are processing your order!"
)

func command(s *streamtest.System, to, order string) {
	s.Send(event.SendEmailTopic, to, text, sarama.RecordHeader{Key: []byte(stream.IdempotencyKey), Value: []byte(order)})
}

// Five workers print at once, and no block is torn.
func TestBlocksAreWhole(t *testing.T) {
	t.Parallel()
	s := streamtest.Start(t)
	r := kafkatest.StartRun(t, s.Env(), configure, run)
	kafkatest.Eventually(t, "five workers share the partitions", func() bool {
		info := s.GroupInfo(group)
		return info != nil && len(info.Members) == 5 && info.State == "Stable"
	})
	const emails = 1000 // sent together, or each block would be alone on the screen
	var sending errgroup.Group
	sending.SetLimit(50)
	for i := range emails {
		sending.Go(func() error { command(s, fmt.Sprintf("%d@loja.example", i), fmt.Sprint(i)); return nil })
	}
	sending.Wait()
	s.AwaitHandled(group, event.SendEmailTopic)
	if err := r.Stop(); err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile(`^\nSend email\ntrabalhador [1-5]\n\d+@loja\.example\n\{"type":"java\.lang\.String".*\}\n[0-2]\n\d+\nEmail sent\n`)
	blocks := strings.Split(r.Out.String(), stream.Separator)
	if got := len(blocks) - 1; got != emails {
		t.Errorf("%d blocks, want %d", got, emails)
	}
	workers := map[string]bool{}
	for _, b := range blocks[1:] {
		if !block.MatchString(b) {
			t.Errorf("torn or wrong block %q", b)
			continue
		}
		workers[strings.Split(b, "\n")[2]] = true
	}
	if len(workers) != streamtest.Partitions {
		t.Errorf("workers %v, want one for each of %d partitions", workers, streamtest.Partitions)
	}
}

func TestReallySends(t *testing.T) {
	t.Parallel()
	s := streamtest.Start(t)
	server, addr := listenMail(t, "127.0.0.1:0")
	command(s, "ana@loja.example", "o-1")
	kafkatest.StartRun(t, s.Env("SMTP_ADDR", addr, "SMTP_FROM", "loja@curso.example"), configure, run)
	s.AwaitHandled(group, event.SendEmailTopic)
	mails := server.all()
	if len(mails) != 1 {
		t.Fatalf("%d e-mails, want 1", len(mails))
	}
	got := mails[0]
	if got.from != "loja@curso.example" || !slices.Equal(got.to, []string{"ana@loja.example"}) || got.text != text {
		t.Errorf("e-mail from %s to %v: %q", got.from, got.to, got.text)
	}
	if !regexp.MustCompile(`^<[0-9a-f]{32}@curso\.example>$`).MatchString(got.Get("Message-ID")) {
		t.Errorf("Message-ID %q", got.Get("Message-ID"))
	}
}

// What is sent again is the same e-mail: after a commit that failed, and where the order was repeated.
func TestRepeatsHaveOneMessageID(t *testing.T) {
	t.Parallel()
	s := streamtest.Start(t)
	server, addr := listenMail(t, "127.0.0.1:0")
	lost := s.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.OffsetCommit}, Err: kerr.IllegalGeneration, Count: 1})
	command(s, "ana@loja.example", "o-1")
	kafkatest.StartRun(t, s.Env("SMTP_ADDR", addr), configure, run)
	s.AwaitHandled(group, event.SendEmailTopic)
	if lost.Hits() == 0 {
		t.Fatal("the commit was not refused")
	}
	command(s, "ana@loja.example", "o-1")
	s.Send(event.SendEmailTopic, "ana@loja.example", text) // of a Java program: no idempotency key
	command(s, "ana@loja.example", "o-2")
	s.AwaitHandled(group, event.SendEmailTopic)
	times := map[string]int{}
	for _, m := range server.all() {
		times[m.Get("Message-ID")]++
	}
	var counts []int
	for _, n := range times {
		counts = append(counts, n)
	}
	slices.Sort(counts)
	if want := []int{1, 1, 3}; !slices.Equal(counts, want) {
		t.Errorf("e-mails by Message-ID: %v, want %v", times, want)
	}
}

func TestRefusedEmailIsADeadLetter(t *testing.T) {
	t.Parallel()
	s := streamtest.Start(t)
	server, addr := listenMail(t, "127.0.0.1:0")
	server.answerWith(func(to string) *smtp.SMTPError {
		if to == "gone@loja.example" {
			return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such mailbox"}
		}
		return nil
	})
	command(s, "gone@loja.example", "o-1")
	command(s, "ana@loja.example", "o-2")
	r := kafkatest.StartRun(t, s.Env("SMTP_ADDR", addr), configure, run)
	s.AwaitHandled(group, event.SendEmailTopic)
	letters := s.Letters()
	if len(letters) != 1 || letters[0].Reason != "refused" || !strings.Contains(letters[0].Error, "550") ||
		letters[0].Topic != event.SendEmailTopic {
		t.Errorf("dead letters %+v, want one that was refused with 550", letters)
	}
	if got := server.all(); len(got) != 1 || got[0].to[0] != "ana@loja.example" {
		t.Errorf("e-mails %v, want the other one", got)
	}
	if strings.Contains(r.Logs.String(), "@") {
		t.Error("the log holds an e-mail address")
	}
}

// A server that is full today, and one that is not there: the e-mail waits, and is no dead letter.
func TestEmailWaitsForItsServer(t *testing.T) {
	t.Parallel()
	s := streamtest.Start(t)
	addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(kafkatest.FreePort(t)))
	r := kafkatest.StartRun(t, s.Env("SMTP_ADDR", addr), configure, run)
	command(s, "ana@loja.example", "o-1")
	r.WaitFor("parado em ECOMMERCE_SEND_EMAIL")
	server, _ := listenMail(t, addr)
	s.AwaitHandled(group, event.SendEmailTopic)
	server.answerWith(func(string) *smtp.SMTPError {
		return &smtp.SMTPError{Code: 452, EnhancedCode: smtp.EnhancedCode{4, 2, 2}, Message: "<bia@loja.example> mailbox full"}
	})
	command(s, "bia@loja.example", "o-2")
	r.WaitFor("the mail server answers 452 for now")
	server.answerWith(nil)
	s.AwaitHandled(group, event.SendEmailTopic)
	if got, letters := len(server.all()), s.Letters(); got != 2 || len(letters) > 0 {
		t.Errorf("%d e-mails, want 2; dead letters: %v", got, letters)
	}
	if strings.Contains(r.Logs.String(), "@") {
		t.Error("the log holds an e-mail address")
	}
}

// The key is what the mail server is told, and comes from outside.
func TestNothingIsInjected(t *testing.T) {
	t.Parallel()
	s := streamtest.Start(t)
	server, addr := listenMail(t, "127.0.0.1:0")
	bad := []string{
		"ana@loja.example\r\nBcc: evil@loja.example", "ana@loja.example\nRCPT TO:<evil@loja.example>", "ana@loja.example\r",
		"ana@loja.example> SIZE=1\r\nRCPT TO:<evil@loja.example", "Ana <ana@loja.example>", "ana@loja.example, evil@loja.example",
		"\"a\r\nb\"@loja.example", "ana@loja.example\x00", "nobody", "", "@", "ana@",
	}
	for _, key := range bad {
		command(s, key, "o")
	}
	command(s, "ana@loja.example", "o\r\nBcc: evil@loja.example")
	kafkatest.StartRun(t, s.Env("SMTP_ADDR", addr), configure, run)
	s.AwaitHandled(group, event.SendEmailTopic)
	for _, letter := range s.Letters() {
		if letter.Reason != event.ReasonInvalidValue || strings.Contains(letter.Error, "@") {
			t.Errorf("%q: reason %q, error %q", *letter.Key, letter.Reason, letter.Error)
		}
	}
	if got := len(s.Letters()); got != len(bad) {
		t.Errorf("%d dead letters, want %d", got, len(bad))
	}
	for _, m := range server.all() {
		if !slices.Equal(m.to, []string{"ana@loja.example"}) || len(m.Header["Bcc"]) > 0 {
			t.Errorf("e-mail to %v with headers %v", m.to, m.Header)
		}
	}
	if got := len(server.all()); got != 1 {
		t.Errorf("%d e-mails, want 1", got)
	}
}

// WORK is no reason to be killed at a stop.
func TestStopDoesNotWaitForWork(t *testing.T) {
	t.Parallel()
	s := streamtest.Start(t)
	r := kafkatest.StartRun(t, s.Env("WORK", "1m"), configure, run)
	command(s, "ana@loja.example", "o-1")
	kafkatest.Eventually(t, "the service is ready", func() bool { return r.Ops.Ready() == nil })
	if err := r.Stop(); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(r.Out.String(), "Email sent") {
		t.Error("an e-mail was sent before its work was done")
	}
}

func TestPoison(t *testing.T) {
	t.Parallel()
	s := streamtest.Start(t)
	_, addr := listenMail(t, "127.0.0.1:0")
	streamtest.PoisonBecomesLetters(t, s, event.SendEmailTopic, group, s.Env("SMTP_ADDR", addr), configure, run)
}

func TestConfiguration(t *testing.T) {
	for _, c := range []struct{ name, value string }{
		{"WORK", "2m"}, {"WORKERS", "0"}, {"WORKERS", "101"}, {"SMTP_ADDR", "nowhere"}, {"SMTP_ADDR", "a:1,b:2"},
		{"SMTP_FROM", "nobody"}, {"SMTP_FROM", "a@b\r\nBcc: c@d"}, {"SMTP_FROM", "Ana <a@b>"}, {"TOPIC_PREFIX", "a b"},
	} {
		env := service.EnvOf(map[string]string{c.name: c.value})
		if configure(env); env.Err() == nil {
			t.Errorf("%s=%q is accepted", c.name, c.value)
		}
	}
}
