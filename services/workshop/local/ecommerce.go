package local

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"workshop.example/ecommerce/stream"
	"workshop.example/kit/embedded"
	"workshop.example/kit/kafka"
	"workshop.example/kit/service"
	"workshop.example/kit/wait"
	"workshop.example/workshop/screen"
)

// EcommerceTopics returns the topics of the e-commerce system, with TOPIC_PREFIX of the environment. Its error is a
// [service.UsageError].
func EcommerceTopics(environ []string) ([]kafka.Topic, error) {
	prefix, _ := Lookup(environ, "TOPIC_PREFIX")
	if prefix != "" && !service.LegalTopic(prefix) {
		return nil, service.UsageError(fmt.Sprintf("TOPIC_PREFIX %q: accepted: letters, digits, '.', '_' and '-'", prefix))
	}
	return stream.AllTopics(prefix), nil
}

// gateway is the service that serves the page.
const gateway = "http-ecommerce"

// ecommercePrograms are the services of the e-commerce system, started in this order. They are static members like the
// others: after a crash the restarted process has its partitions back at once.
var ecommercePrograms = []program{
	{name: gateway, set: []string{"GROUP_INSTANCE_ID=http-ecommerce"}},
	{name: "fraud-detector", set: []string{"GROUP_INSTANCE_ID=fraud-detector"}, fixed: oneWorker},
	{name: "user-service", set: []string{"GROUP_INSTANCE_ID=user-service"}, fixed: oneWorker},
	{name: "email-new-order", set: []string{"GROUP_INSTANCE_ID=email-new-order"}, fixed: oneWorker},
	{name: "email-service", set: []string{"GROUP_INSTANCE_ID=email-service"}},
	{name: "reading-report", set: []string{"GROUP_INSTANCE_ID=reading-report"}},
	{name: "batch-send-message", set: []string{"GROUP_INSTANCE_ID=batch-send-message"}, fixed: oneWorker},
	{name: "log-service", set: []string{"GROUP_INSTANCE_ID=log-service"}, fixed: oneWorker},
	{name: "dead-letter", set: []string{"GROUP_INSTANCE_ID=dead-letter"}, fixed: oneWorker},
}

// oneWorker is for services that have, or can have, a single worker. WORKERS is for the e-mails and the reports.
var oneWorker = []string{"WORKERS=1"}

// shop is what the e-commerce services need besides brokers and topics. A nil shop needs nothing.
type shop struct {
	page           bool   // the gateway runs
	addr           string // where it listens
	port           int    // 0 where the user has set HTTP_ADDR, and knows what is free
	state, reports string // folders
	temporary      string // deleted at the end
}

// shopOf returns the topics of the chosen programs, and what the e-commerce services among them need besides.
func (s *Stack) shopOf(chosen []program) ([]kafka.Topic, *shop, error) {
	isShop := func(p program) bool { return slices.Contains(EcommerceNames(), p.name) }
	if !s.Ecommerce && !slices.ContainsFunc(chosen, isShop) {
		return StandardTopics(), nil, nil
	}
	topics, err := EcommerceTopics(s.Environ)
	if err != nil {
		return nil, nil, err
	}
	if slices.ContainsFunc(chosen, func(p program) bool { return !isShop(p) }) {
		topics = slices.Concat(StandardTopics(), topics)
	}
	needs := &shop{page: slices.ContainsFunc(chosen, func(p program) bool { return p.name == gateway })}
	needs.state, _ = s.lookup("STATE_DIR")
	needs.reports, _ = s.lookup("REPORT_DIR")
	if needs.addr, _ = s.lookup("HTTP_ADDR"); needs.addr != "" {
		return topics, needs, nil
	}
	text, _ := s.lookup("HTTP_PORT")
	if needs.port, err = strconv.Atoi(cmp.Or(text, "8080")); err != nil || needs.port < 1 || needs.port > 65535 {
		return nil, nil, service.UsageError(fmt.Sprintf("HTTP_PORT %q: accepted: 1 to 65535", text))
	}
	needs.addr = net.JoinHostPort("127.0.0.1", strconv.Itoa(needs.port))
	return topics, needs, nil
}

// portIsFree returns an error if the port of the page is taken.
func (s *shop) portIsFree() error {
	if s == nil || !s.page || s.port == 0 || !embedded.PortTaken(s.port) {
		return nil
	}
	return fmt.Errorf("port %d, of the page, is already taken: stop what listens there (if it is the compose stack: "+
		"«docker compose --profile ecommerce down»), or use another: HTTP_PORT=%d workshop up --ecommerce", s.port, otherPorts(1, 18080)[0])
}

// open creates the folders. Those that the user names, STATE_DIR and REPORT_DIR, are left to the services.
func (s *shop) open(dataDir string) (err error) {
	if s == nil || s.state != "" && s.reports != "" {
		return nil
	}
	root := dataDir
	if root == "" {
		if root, err = os.MkdirTemp("", "workshop-ecommerce-"); err != nil {
			return fmt.Errorf("a folder for databases and reports: %w; --data-dir names another", err)
		}
		s.temporary = root
	}
	for folder, name := range map[*string]string{&s.state: "ecommerce", &s.reports: "target"} {
		if *folder != "" {
			continue
		}
		if *folder, err = filepath.Abs(filepath.Join(root, name)); err == nil {
			err = os.MkdirAll(*folder, 0o755)
		}
		if err != nil {
			s.close()
			return fmt.Errorf("a folder for databases and reports: %w", err)
		}
	}
	return nil
}

// close deletes the temporary folder. The services must have ended.
func (s *shop) close() {
	if s != nil && s.temporary != "" {
		os.RemoveAll(s.temporary)
	}
}

// withFolders returns the program with its folders in the environment, where the user has not set them.
func (s *shop) withFolders(p program) program {
	if s != nil && slices.Contains(EcommerceNames(), p.name) {
		p.defaults = slices.Concat(p.defaults, []string{"STATE_DIR=" + s.state, "REPORT_DIR=" + s.reports})
	}
	return p
}

func (s *shop) introduce(out *screen.Output) {
	if s == nil {
		return
	}
	out.Say(service.Textf("bancos de dados (SQLite): %s; relatórios: %s", "databases (SQLite): %s; reports: %s", s.state, s.reports))
	if s.temporary != "" {
		out.Say(service.Textf("%s é apagada no fim", "%s is deleted at the end", s.temporary))
	}
	if s.page {
		out.Say(service.Textf("página: %s", "page: %s", pageURL(s.addr)))
	}
}

// announce prints the address of the page again once the services are ready and their first lines have scrolled by.
func (s *shop) announce(ctx context.Context, out *screen.Output) {
	if s == nil || !s.page {
		return
	}
	url := pageURL(s.addr)
	client := &http.Client{Timeout: time.Second, Transport: &http.Transport{}} // no proxy has the page
	answers := func() bool {
		response, err := client.Get(url)
		if err != nil {
			return false
		}
		response.Body.Close()
		return response.StatusCode == http.StatusOK
	}
	if untilCalm(ctx, answers, out.Quiet) == nil {
		out.Say(service.Textf("tudo pronto; a página: %s", "everything is ready; the page: %s", url))
	}
}

const (
	calm      = time.Second      // without a line: the services have started
	mostNoise = 20 * time.Second // of a system that is never quiet, as it is in use already
)

// untilCalm waits until the page answers and nothing has been printed for a while.
func untilCalm(ctx context.Context, answers func() bool, quiet func() time.Duration) error {
	for noise := time.Duration(0); ; {
		const pause = 200 * time.Millisecond
		if err := wait.Sleep(ctx, pause); err != nil {
			return err
		}
		if noise > 0 || answers() {
			if quiet() >= calm || noise >= mostNoise {
				return nil
			}
			noise += pause
		}
	}
}

// pageURL returns the address of the page for a browser on this machine.
func pageURL(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if err == nil && (host == "" || net.ParseIP(host).IsUnspecified()) {
		addr = net.JoinHostPort("127.0.0.1", port)
	}
	return "http://" + addr + "/"
}
