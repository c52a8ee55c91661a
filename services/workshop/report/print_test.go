package report

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"workshop.example/kit/service"
	"workshop.example/kit/verdict"
)

// The outcome is in colour, over all its lines, and the counts are not.
func TestPaint(t *testing.T) {
	folded := []string{"produced 47", "    → NOT as predicted for", "    at-least-once"}
	for _, c := range []struct {
		lines []string
		held  bool
		want  string
	}{
		{[]string{"lost 1 → as predicted"}, true, "lost 1 \x1b[32m→ as predicted\x1b[0m"},
		{folded, false, "produced 47|    \x1b[31m→ NOT as predicted for\x1b[0m|\x1b[31m    at-least-once\x1b[0m"},
	} {
		if got := strings.Join(Paint(c.lines, c.held, true), "|"); got != c.want {
			t.Errorf("in colour %q, want %q", got, c.want)
		}
		if got := Paint(c.lines, c.held, false); !slices.Equal(got, c.lines) {
			t.Errorf("without colour %q, want %q", got, c.lines)
		}
	}
}

func TestIDs(t *testing.T) {
	for _, c := range []struct {
		ids  []int
		want string
	}{
		{[]int{5}, "id 5"},
		{[]int{5, 5}, "id 5 ×2"},
		{[]int{5, 6}, "ids 5, 6"},
		{[]int{5, 6, 7}, "ids 5-7"},
		{[]int{1, 2, 3, 7, 9, 10}, "ids 1-3, 7, 9, 10"},
		{[]int{1, 2, 2, 3}, "ids 1, 2 ×2, 3"},
		{[]int{1, 2, 3, 4, 4}, "ids 1-3, 4 ×2"},
		{[]int{4, 4, 5, 6, 7}, "ids 4 ×2, 5-7"},
	} {
		if got := IDs(c.ids); got != c.want {
			t.Errorf("%v: got %q, want %q", c.ids, got, c.want)
		}
	}
	if got := IDsOr(nil, "none"); got != "none" {
		t.Errorf("nothing: got %q", got)
	}
}

func messages(ids ...int) []verdict.Message {
	var all []verdict.Message
	for _, id := range ids {
		all = append(all, verdict.Message{Stream: "m", Number: id})
	}
	return all
}

func TestStrip(t *testing.T) {
	for _, c := range []struct {
		name string
		part Part
		want string
	}{
		{"all is well", Part{Highest: 3}, "1 2 3"},
		{"nothing", Part{}, ""},
		{"one of each", Part{Highest: 7, Counted: verdict.Verdict{
			Lost: messages(2), Repeated: messages(3, 5, 5), AbortedRead: messages(6),
		}}, "1 2✗ 3×2 4 5×3 6~ 7\n✗ lost  ×2 twice, ×3 three times...  ~ ghost"},
		{"missing and duplicated", Part{Highest: 2, Counted: verdict.Verdict{Missing: messages(1), Duplicated: messages(2)}},
			"1✗ 2×2\n✗ lost  ×2 twice, ×3 three times..."},
		{"a ghost beside a repeated goal", Part{Highest: 1, Counted: verdict.Verdict{Repeated: messages(1), AbortedRead: messages(1)}},
			"1×2~\n×2 twice, ×3 three times...  ~ ghost"},
		{"not lost for good", Part{Highest: 1, Pending: true, Counted: verdict.Verdict{Missing: messages(1)}}, "1✗\n✗ not shown"},
		{
			"what is unreadable has no id",
			Part{Highest: 1, Counted: verdict.Verdict{Missing: []verdict.Message{{Stream: Unreadable, Number: 1}}}},
			"1",
		},
	} {
		if got := strings.Join(c.part.strip(service.English, false, 60), "\n"); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
	for _, line := range (Part{Highest: 120}).strip(service.Portuguese, false, 60) {
		if len(line) > 60 {
			t.Errorf("a line of %d characters", len(line))
		}
	}
	lost := Part{Highest: 1, Counted: verdict.Verdict{Lost: messages(1)}}
	if got, want := lost.strip(service.English, true, 60)[0], "\x1b[31m1✗\x1b[0m"; got != want {
		t.Errorf("in colour %q, want %q", got, want)
	}
}

func TestMisses(t *testing.T) {
	lost := verdict.Verdict{Missing: messages(5)}
	for _, c := range []struct {
		name string
		part Part
		want []string
	}{
		{"nothing happened, as predicted", Part{}, nil},
		{"as predicted", Part{Counted: lost, Want: Prediction{Lost: []int{5}}}, nil},
		{"another id", Part{Counted: lost, Want: Prediction{Lost: []int{6}}}, []string{"lost: id 5 instead of id 6"}},
		{"not predicted", Part{Counted: lost}, []string{"lost: id 5 instead of none"}},
		{"did not happen", Part{Want: Prediction{Repeated: []int{5}}}, []string{"repeated: none instead of id 5"}},
		{
			"more often",
			Part{Counted: verdict.Verdict{Repeated: messages(5, 5)}, Want: Prediction{Repeated: []int{5}}},
			[]string{"repeated: id 5 ×2 instead of id 5"},
		},
		{
			"in the topic twice",
			Part{Counted: verdict.Verdict{Duplicated: messages(5)}},
			[]string{"duplicated in the topic: id 5 instead of none"},
		},
		{"ghosts", Part{Counted: verdict.Verdict{AbortedRead: messages(4)}}, []string{"ghosts: id 4 instead of none"}},
		{"order", Part{Counted: verdict.Verdict{Nonmonotonic: messages(4)}}, []string{"out of order: id 4 instead of none"}},
		{
			"refused, and there",
			Part{Counted: verdict.Verdict{Spurious: messages(6)}},
			[]string{"refused, but in the topic: id 6 instead of none"},
		},
		{"torn", Part{Counted: verdict.Verdict{Torn: []string{"m/5"}}}, []string{"torn transaction: m/5"}},
		{"strange", Part{Strange: []string{"9 - 9"}}, []string{"a score that no event explains: 9 - 9"}},
		{"a fact", Part{Facts: []Fact{{service.Text{
			PT: "sim",
			EN: "yes",
		}, true}, {service.Text{PT: "não", EN: "no"}, false}}}, []string{"did not hold: no"}},
	} {
		var got []string
		for _, miss := range c.part.Misses() {
			got = append(got, miss.EN)
			if miss.PT == "" {
				t.Errorf("%s: no words in Portuguese", c.name)
			}
		}
		if !slices.Equal(got, c.want) || c.part.Holds() != (c.want == nil) {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestJSON(t *testing.T) {
	r := Result{Name: "at-least-once", Seed: 42, Parts: []Part{{
		Title:   service.Text{PT: "tela", EN: "screen"},
		Counted: verdict.Verdict{Produced: 47, Processed: 46, Missing: messages(20), Repeated: messages(5, 5), UnknownAbsent: messages(48)},
		Want:    Prediction{Lost: []int{20}},
		Facts:   []Fact{{service.Text{PT: "sim", EN: "yes"}, true}},
	}}}
	got, err := json.Marshal(r.JSON(service.English))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"lab":"at-least-once","seed":42,"held":false,"parts":[{"title":"screen","held":false,"produced":47,"shown":46,` +
		`"lost":[20],"repeated":[5,5],"duplicated":[],"ghosts":[],"out_of_order":[],"refused_in_topic":[],"torn":[],"strange":[],"unknown":1,` +
		`"facts":[{"text":"yes","held":true}],"misses":["repeated: id 5 ×2 instead of none"]}]}`
	if string(got) != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if empty, _ := json.Marshal(Result{Name: "at-least-once"}.JSON(service.English)); string(empty) != `{"lab":"at-least-once","seed":0,"held":true,"parts":[]}` {
		t.Errorf("nothing: %s", empty)
	}
}

func TestLine(t *testing.T) {
	for _, c := range []struct {
		part   Part
		pt, en string
	}{
		{Part{Counted: verdict.Verdict{Produced: 1, Processed: 1}},
			"produzidas 1 · exibidas 1 · perdidas 0 · repetidas 0 · fora de ordem 0", "produced 1 · shown 1 · lost 0 · repeated 0 · out of order 0"},
		{Part{
			Unread:       true,
			Sent:         3,
			Acknowledged: 1,
			Counted:      verdict.Verdict{Produced: 2, UnknownPresent: messages(2), UnknownAbsent: messages(3)},
		},
			"enviadas 3 · confirmadas 1 · no tópico 2 · perdidas 0 · duplicadas no tópico 0 · fora de ordem 0 · sem resposta 2 (no tópico 1)",
			"sent 3 · acknowledged 1 · in the topic 2 · lost 0 · duplicated in the topic 0 · out of order 0 · without an answer 2 (in the topic 1)"},
	} {
		if got := c.part.Line(service.Portuguese); got != c.pt {
			t.Errorf("got %q, want %q", got, c.pt)
		}
		if got := c.part.Line(service.English); got != c.en {
			t.Errorf("got %q, want %q", got, c.en)
		}
	}
}

func ExampleResult_Print() {
	r := Result{Name: "at-most-once", Words: Words{Why: service.Text{EN: "the offset was committed first."}}, Parts: []Part{{
		Counted: verdict.Verdict{Produced: 3, Processed: 2, Missing: messages(2)}, Highest: 3,
		Want: Prediction{Lost: []int{3}}, Facts: []Fact{{service.Text{EN: "the board crashed"}, true}}, Hint: service.Text{EN: "commit first."},
	}}}
	var out strings.Builder
	r.Print(&out, service.English, false, 100)
	fmt.Print(strings.TrimLeft(out.String(), "\n"))
	// Output:
	// produced 3 · shown 2 · lost 1 (id 2) · repeated 0 · out of order 0
	//     → NOT as predicted for at-most-once
	//   1 2✗ 3
	//   ✗ lost
	//   ✓ the board crashed
	//   ! lost: id 2 instead of id 3
	//   Hint: commit first.
	//
	// Why: the offset was committed first.
}
