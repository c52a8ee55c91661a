package window

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// The kinds of rules.
const (
	Count   = "count"   // a user has more than Over transactions within the window
	Value   = "value"   // a user's transactions within the window are worth more than Over
	Silence = "silence" // a platform that had transactions has none for that long
)

// Rule is what a record may break.
type Rule struct {
	Kind    string
	Over    uint64 // transactions, or minor units; 0 for Silence
	Seconds int64  // of the window
}

// Accepted describes the form of a list of rules.
const Accepted = "none, or comma separated: count:N/1m, count:N/5m (a user has more than N transactions), value:C/1m, value:C/5m " +
	"(more than C cents), silence:D (a platform has had none for D, whole seconds from 1s to 5m)"

// most rules that are accepted: each is looked at for each record.
const most = 16

// ParseRules reads a comma-separated list of rules, or "none". The error, if any, names every wrong rule.
func ParseRules(list string) (rules []Rule, err error) {
	if list == "none" {
		return nil, nil
	}
	var wrong []error
	for text := range strings.SplitSeq(list, ",") {
		r, err := parseRule(strings.TrimSpace(text))
		if err != nil {
			wrong = append(wrong, fmt.Errorf("%q: %w", text, err))
			continue
		}
		for _, other := range rules {
			if other == r {
				wrong = append(wrong, fmt.Errorf("%q: it is there twice", text))
			}
		}
		rules = append(rules, r)
	}
	if len(rules) > most {
		wrong = append(wrong, fmt.Errorf("%d rules: at most %d", len(rules), most))
	}
	return rules, errors.Join(wrong...)
}

func parseRule(text string) (Rule, error) {
	kind, rest, _ := strings.Cut(text, ":")
	switch kind {
	case Silence:
		d, err := time.ParseDuration(rest)
		if err != nil || d < time.Second || d > FiveMinutes*time.Second || d%time.Second != 0 {
			return Rule{}, fmt.Errorf("its length has to be whole seconds from 1s to 5m, such as silence:5m")
		}
		return Rule{Kind: kind, Seconds: int64(d / time.Second)}, nil
	case Count, Value:
		number, length, _ := strings.Cut(rest, "/")
		over, err := strconv.ParseUint(number, 10, 63)
		if err != nil {
			return Rule{}, fmt.Errorf("its threshold has to be a whole number of at least 0, such as %s:20/1m", kind)
		}
		switch length {
		case "1m":
			return Rule{kind, over, Minute}, nil
		case "5m":
			return Rule{kind, over, FiveMinutes}, nil
		}
		return Rule{}, fmt.Errorf("its window has to be 1m or 5m, such as %s:%d/1m", kind, over)
	}
	return Rule{}, errors.New("no such rule: count, value and silence are")
}

// String is the rule in the form that ParseRules reads. It names the rule in an alert.
func (r Rule) String() string {
	if r.Kind == Silence {
		return r.Kind + ":" + r.length()
	}
	return fmt.Sprintf("%s:%d/%s", r.Kind, r.Over, r.length())
}

// length is the window as people write it: 1m, 1m30s, 20s.
func (r Rule) length() string {
	text := ""
	if m := r.Seconds / 60; m > 0 {
		text = fmt.Sprint(m, "m")
	}
	if s := r.Seconds % 60; s > 0 {
		text += fmt.Sprint(s, "s")
	}
	return text
}

// window is the index of the rule's window in a change.
func (r *Rule) window() int {
	if r.Seconds == Minute {
		return 0
	}
	return 1
}

// over reports whether a user's window is over the threshold.
func (r *Rule) over(s Sum) bool {
	switch r.Kind {
	case Count:
		return s.Count > r.Over
	case Value:
		return s.Cents > r.Over
	}
	return false
}
