package screen

import (
	"fmt"
	"strings"
	"testing"

	"workshop.example/kit/fold"
)

const groupTable = "GROUP\tTOPIC\tPARTITION\tCURRENT-OFFSET\tLOG-END-OFFSET\tLAG\tUNREAD\tCONSUMER-ID\tHOST\tCLIENT-ID\tINSTANCE-ID\n" +
	"cg-group-id\ttransactions\t0\t12345\t123456\t111111\t111111\tconsumer-2f8f9a52-7a0e-4a40-a5ab-7c34e1a6a111\t/172.18.0.12\tconsumer\t-\n" +
	"cg-group-id\ttransactions\t1\t7\t7\t0\t0\tconsumer-2f8f9a52-7a0e-4a40-a5ab-7c34e1a6a222\t/172.18.0.13\tconsumer\t-\n"

func TestTableGivesWayByColumn(t *testing.T) {
	for _, c := range []struct {
		width   int
		want    string
		dropped string
	}{
		{0, "", ""}, // as it is
		{120, "transactions  0         12345", ""},
		{80, "cg-group-id  transactions", "CLIENT-ID HOST INSTANCE-ID"},
		{60, "cg-group-id  transactions", "CLIENT-ID CONSUMER-ID HOST INSTANCE-ID UNREAD"},
	} {
		var out strings.Builder
		dropped, err := Table(&out, groupTable, c.width)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(dropped, " "); got != c.dropped || !strings.Contains(out.String(), c.want) {
			t.Errorf("%d columns: without %q, want %q, and %q in\n%s", c.width, got, c.dropped, c.want, &out)
		}
		lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
		for _, line := range lines {
			if n := fold.Cells(line); c.width > 0 && n > c.width {
				t.Errorf("%d columns: a line of %d: %s", c.width, n, line)
			}
		}
		if len(lines) != 3 || !strings.Contains(lines[1], "111111") || !strings.Contains(lines[2], " 7 ") {
			t.Errorf("%d columns: a number is cut, or a line broken:\n%s", c.width, &out)
		}
	}
}

func TestTableOfSentences(t *testing.T) {
	const text = "t: 3 partitions, replication factor 3, min.insync.replicas=2, unclean.leader.election.enable=false\n" +
		"PARTITION\tLEADER\tREPLICAS\tIN-SYNC\tEARLIEST\tLATEST\n0\tnone\t1,2,3\t1\t0\t12\toffline: no replica that is in sync is up\n" +
		"\nlab\tneeds\tone sentence that goes on and on, beyond every terminal that anybody has ever used for it\n"
	whole := ""
	for _, width := range []int{0, 120, 80, 60} {
		var out strings.Builder
		if dropped, err := Table(&out, text, width); err != nil || len(dropped) > 0 {
			t.Fatalf("%d columns: without %v, %v", width, dropped, err)
		}
		if n := widest(out.String()); width > 0 && n > width {
			t.Errorf("%d columns: a line of %d:\n%s", width, n, &out)
		}
		words := strings.Join(strings.Fields(out.String()), " ")
		if whole == "" {
			whole = words
		}
		if words != whole {
			t.Errorf("%d columns: other words:\n%s", width, &out)
		}
	}
}

func TestShorten(t *testing.T) {
	for _, c := range []struct {
		cell  string
		width int
		atEnd bool
		want  string
	}{
		{"transactions", 12, false, "transactions"}, {"lab-order-1a2b3c-in", 9, false, "lab-…c-in"}, {"CURRENT-OFFSET", 8, true, "CURRENT…"},
		{"ação-ção-x", 5, false, "aç…-x"}, {"日本日本日本", 5, false, "日…本"},
	} {
		got := shorten(c.cell, c.width, c.atEnd)
		if got != c.want || fold.Cells(got) > c.width {
			t.Errorf("%s: got %s (%d columns), want %s", c.cell, got, fold.Cells(got), c.want)
		}
	}
}

func ExampleTable() {
	var out strings.Builder
	dropped, _ := Table(&out, groupTable, 80)
	fmt.Print(&out)
	fmt.Println("without", dropped)
	// Output:
	// GROUP        TOPIC         PARTIT…  CURRE…  LOG-E…  LAG     UNREAD  CONSUMER-ID
	// cg-group-id  transactions  0        12345   123456  111111  111111  consum…6a111
	// cg-group-id  transactions  1        7       7       0       0       consum…6a222
	// without [CLIENT-ID HOST INSTANCE-ID]
}
