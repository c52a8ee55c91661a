package lab

import (
	"strings"
	"testing"

	"workshop.example/kit/service"
)

// A lab that starts no program has a page too: with its table, and with a picture of nothing.
func TestReportWithoutPrograms(t *testing.T) {
	r := Result{Lab: partitions, Parts: []Part{partWithKeys(asSent())}, Timeline: (&Bench{}).timeline()}
	var page strings.Builder
	if err := r.Report(&page, service.English); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Partition 0: eva 3, eva 7", "as predicted for partitions", "</html>"} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}
