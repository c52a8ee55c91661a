package window_test

import (
	"fmt"
	"strings"
	"testing"

	"workshop.example/monitor/window"
)

func TestParseRules(t *testing.T) {
	const list = "count:5/1m,count:0/5m,value:1500000/1m,silence:5m,silence:1m30s,silence:20s"
	rules, err := window.ParseRules(" " + strings.ReplaceAll(list, ",", " , "))
	if err != nil {
		t.Fatal(err)
	}
	var back []string
	for _, r := range rules {
		back = append(back, r.String())
	}
	if got := strings.Join(back, ","); got != list {
		t.Errorf("got %s, want %s", got, list)
	}
	if rules, err := window.ParseRules("none"); len(rules) > 0 || err != nil {
		t.Errorf("none: %v, %v", rules, err)
	}
}

// Every mistake is named, not the first alone.
func TestParseRulesRefuses(t *testing.T) {
	for _, wrong := range []string{
		"", "count", "count:", "count:5", "count:5/2m", "count:-1/1m", "count:1.5/1m", "count:9223372036854775808/1m", "value:x/1m",
		"amount:5/1m",
		"silence:0s", "silence:6m", "silence:1500ms", "silence:5", "Count:5/1m", "none,count:5/1m",
	} {
		if _, err := window.ParseRules(wrong); err == nil {
			t.Errorf("%q is accepted", wrong)
		}
	}
	_, err := window.ParseRules("count:5/2m,value:10/1m,value:10/1m,silence:1h,sum:5/1m")
	for _, named := range []string{`"count:5/2m": its window`, `"value:10/1m": it is there twice`, `"silence:1h": its length`, `"sum:5/1m": no such rule`} {
		if !strings.Contains(fmt.Sprint(err), named) {
			t.Errorf("%v does not say %s", err, named)
		}
	}
	many := make([]string, 17)
	for i := range many {
		many[i] = fmt.Sprintf("count:%d/1m", i)
	}
	if _, err := window.ParseRules(strings.Join(many, ",")); err == nil || !strings.Contains(err.Error(), "at most 16") {
		t.Errorf("17 rules: %v", err)
	}
}
