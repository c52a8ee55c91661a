//go:build brokers

package acceptance

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"workshop.example/ecommerce/shoptest"
	"workshop.example/kit/event"
	"workshop.example/kit/kafkatest"
)

// courseReader builds the Java reader under testdata/java and returns its class path.
func courseReader(t *testing.T) (classes string) {
	t.Helper()
	dir := t.TempDir()
	build := exec.Command("mvn", "-q", "-B", "-f", filepath.Join("testdata", "java", "pom.xml"), "compile", "-Doutput="+dir)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("mvn: %v\n%s", err, out)
	}
	return filepath.Join(dir, "classes") + string(os.PathListSeparator) + filepath.Join(dir, "libs", "*")
}

// javaMessage is a line of the reader.
type javaMessage struct{ class, payload, way string }

// readInJava reads topics to their ends. logs are the program's last words where it did not end well.
func readInJava(t *testing.T, classes string, topics ...string) (read map[string][]javaMessage, code int, logs string) {
	t.Helper()
	args := append([]string{"-cp", classes, "br.com.alura.ecommerce.Reader", strings.Join(stack.Brokers, ",")}, topics...)
	reader := start(t, nil, "java", args...)
	code = reader.exit(patience)
	read = map[string][]javaMessage{}
	for _, line := range reader.Lines() {
		if part := strings.Split(line, "\t"); len(part) == 4 {
			read[part[0]] = append(read[part[0]], javaMessage{part[1], part[2], part[3]})
		}
	}
	return read, code, strings.Join(reader.Logs(), "\n")
}

// A reader of the course loads the class that a message's type names, and ends where there is none. It reads
// every topic of the shop, dead letters and orders without an id included.
func TestJavaReadsEveryTopic(t *testing.T) {
	t.Parallel()
	const orderClass, userClass, stringClass = "br.com.alura.ecommerce.Order", "br.com.alura.ecommerce.User", "java.lang.String"
	classes := courseReader(t)
	prefix := shopPrefix()
	shop := openShop(t, shoptest.Options{Brokers: stack.Brokers, Prefix: prefix, All: true})
	get := func(path string) {
		resp, err := http.Get(shop.Gateway.URL() + path)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
	}
	get("/new?email=ana@example.com&amount=153.00&uuid=o-1")
	get("/new?email=bia@example.com&amount=4500.00&uuid=o-2")
	java, err := os.ReadFile("../../kit/event/testdata/envelope_order_without_id_java.json")
	if err != nil {
		t.Fatal(err)
	}
	tool(t, string(java), "produce", prefix+event.NewOrderTopic)
	tool(t, `{"type":"br.com.alura.ecommerce.User","payload":{"uuid":"../x"},"correlationId":{"id":"Test(1)"}}`+"\n", "produce",
		prefix+event.ReportTopic) // becomes a dead letter

	want := map[string]string{
		event.NewOrderTopic: orderClass, event.OrderApprovedTopic: orderClass, event.OrderRejectedTopic: orderClass,
		event.SendEmailTopic: stringClass, event.SendToAllTopic: stringClass, event.DeadLetterTopic: stringClass, event.ReportTopic: userClass,
	}
	counts := map[string]int{ // the reports of three users beside the one that is none
		event.NewOrderTopic: 3, event.OrderApprovedTopic: 2, event.OrderRejectedTopic: 1, event.SendEmailTopic: 3, event.DeadLetterTopic: 1,
		event.ReportTopic: 4,
	}
	var topics []string
	for name := range want {
		topics = append(topics, prefix+name)
	}
	var read map[string][]javaMessage
	kafkatest.Eventually(t, "every topic has its messages", func() bool {
		get("/admin/generate-reports") // of the users that are stored by now
		var code int
		var logs string
		if read, code, logs = readInJava(t, classes, topics...); code != 0 {
			t.Fatalf("the reader ends with %d:\n%s", code, logs)
		}
		for name, n := range counts {
			if len(read[prefix+name]) < n {
				return false
			}
		}
		return true
	})
	for name, class := range want {
		for _, msg := range read[prefix+name] {
			if msg.class != class || msg.way == "" {
				t.Errorf("%s: %+v, want a %s", name, msg, class)
			}
		}
	}
	if n := strings.Count(fmt.Sprint(read[prefix+event.OrderApprovedTopic]), "null 3421.40 ana@exemplo.com.br"); n != 1 {
		t.Errorf("the order without an id is approved %d times, want once: %v", n, read[prefix+event.OrderApprovedTopic])
	}
	letters := read[prefix+event.DeadLetterTopic]
	if origin := `{"topic":"` + prefix + event.ReportTopic + `",`; len(letters) != 1 || !strings.HasPrefix(letters[0].payload, origin) {
		t.Errorf("dead letters %v, want one that begins with %s", letters, origin)
	}

	// The control: a type without its package, as ours was once, ends the reader.
	tool(t, `{"type":"Order","payload":{"orderId":"o-3","amount":1,"email":"eva@example.com"},"correlationId":{"id":"Test(2)"}}`+"\n",
		"produce", prefix+event.NewOrderTopic)
	if _, code, logs := readInJava(t, classes, prefix+event.NewOrderTopic); code == 0 ||
		!strings.Contains(logs, "ClassNotFoundException: Order") {
		t.Errorf("a type without its package: the reader ends with %d, want a ClassNotFoundException:\n%s", code, logs)
	}
}
