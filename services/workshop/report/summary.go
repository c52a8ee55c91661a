package report

import (
	"fmt"
	"strings"

	"workshop.example/kit/service"
	"workshop.example/kit/verdict"
)

// mostNamed is how many messages a summary names of each fault.
const mostNamed = 10

// Summary is a verdict in one line, for messages of any number of streams.
func Summary(o verdict.Observed, v verdict.Verdict, lang service.Lang) string {
	fields := []string{fmt.Sprintf("%s %d", service.Text{PT: "produzidas", EN: "produced"}.In(lang), v.Produced)}
	if o.Reads != nil {
		fields = append(fields, fmt.Sprintf("%s %d", service.Text{PT: "exibidas", EN: "shown"}.In(lang), v.Processed))
	}
	for _, f := range []struct {
		name     service.Text
		messages []verdict.Message
	}{
		{service.Text{PT: "perdidas", EN: "lost"}, append(append([]verdict.Message(nil), v.Lost...), v.Missing...)},
		{service.Text{PT: "repetidas", EN: "repeated"}, v.Repeated},
		{service.Text{PT: "duplicadas", EN: "duplicated"}, v.Duplicated},
		{service.Text{PT: "fora de ordem", EN: "out of order"}, append(append([]verdict.Message(nil), v.OutOfOrder...), v.Nonmonotonic...)},
		{service.Text{
			PT: "recusadas, mas lidas",
			EN: "refused, but read",
		}, append(append([]verdict.Message(nil), v.Spurious...), v.AbortedRead...)},
		{service.Text{
			PT: "sem resposta",
			EN: "without an answer",
		}, append(append([]verdict.Message(nil), v.UnknownAbsent...), v.UnknownPresent...)},
	} {
		field := fmt.Sprintf("%s %d", f.name.In(lang), len(f.messages))
		if len(f.messages) > 0 {
			field += " (" + named(f.messages) + ")"
		}
		fields = append(fields, field)
	}
	if n := len(o.Unread); n > 0 {
		fields = append(fields, fmt.Sprintf("%s %d", service.Text{PT: "ainda não lidas", EN: "not read yet"}.In(lang), n))
	}
	return strings.Join(fields, " · ")
}

func named(messages []verdict.Message) string {
	var names []string
	for i, m := range messages {
		if i == mostNamed {
			names = append(names, "...")
			break
		}
		names = append(names, m.String())
	}
	return strings.Join(names, ", ")
}
