package verdict

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"testing"
)

// TestCheck has the smallest run for each thing that Check tells apart. In its notation a1 is message 1
// of stream a, and a field that is left out was not observed:
//
//	write   a1 acknowledged, a1? unknown, a1! refused, a1?t in transaction t
//	log     a1 in partition 0, a1@2 in partition 2, a1~ aborted; offsets from 0
//	read    a1 by session "", x:a1 by session x, a1~ the aborted record
//	letter  a1
//	commit  0:5 for partition 0, 5 is the next to be read
//
// The verdict is produced/processed, then the lists that are not empty, in their order.
func TestCheck(t *testing.T) {
	for _, c := range []struct{ name, run, want string }{
		{"nothing observed", "", "0/0"},
		{"nothing there", "write; log; read; letter; commit", "0/0"},
		{"all well", "write a1 a2 b1; log a1 b1@1 a2; read b1 a1 a2; letter; commit 0:2 1:1", "3/3"},
		{"numbers with gaps, from below zero", "write a-5 a0 a9; log a-5 a0 a9; read a-5 a0 a9", "3/3"},
		{"stream without a name", "write 1 2; log 1 2; read 1 2", "2/2"},

		{"lost", "write a1 a2 a3; log a2; read a2", "1/1 Lost[a/1 a/3]"},
		{"lost, log empty", "write a1; log; read", "0/0 Lost[a/1]"},
		{"lost is not what came to nothing", "write a1? a2!; log; read", "0/0 UnknownAbsent[a/1]"},
		{"lost if only aborted", "write a1; log a1~; read", "0/0 Lost[a/1]"},
		{"lost once, though acknowledged twice", "write a1 a1; log; read", "0/0 Lost[a/1]"},
		{"lost if one of three writes was acknowledged", "write a1! a1 a1?; log; read", "0/0 Lost[a/1]"},
		{"lost after it was read", "write a1; log; read a1", "0/0 Lost[a/1] AbortedRead[a/1]"},
		{"lost or not is for the log to say", "write a1 a2; read a2", "2/1 Missing[a/1]"},

		{"duplicated", "write a1 a2; log a1 a1 a2 a1; read a1 a1 a2 a1", "2/2 Duplicated[a/1 a/1]"},
		{"duplicated, read once", "write a1; log a1 a1; read a1", "1/1 Duplicated[a/1]"},
		{"duplicated, read three times", "log a1 a1; read a1 x:a1 y:a1", "1/1 Duplicated[a/1] Repeated[a/1]"},
		{"duplicated in another partition", "log a1 a1@1; read a1 a1", "1/1 Duplicated[a/1]"},
		{"a ghost is no duplicate", "write a1!g a1; log a1~ a1; read a1", "1/1"},
		{"a ghost that was committed is", "write a1!g a1; log a1 a1; read a1 a1", "1/1 Duplicated[a/1]"},

		{"out of order", "log a1 a3 a2 a4; read a1 a3 a2 a4", "4/4 OutOfOrder[a/2]"},
		{"out of order, all behind the highest", "log a4 a2 a3; read a4 a2 a3", "3/3 OutOfOrder[a/2 a/3]"},
		{"out of order by stream", "log b2 a1 b3 a2; read b2 a1 b3 a2", "4/4"},
		{"out of order by partition", "log a2 a1@1 a3; read a2 a1 a3", "3/3"},
		{"a duplicate is not out of order", "log a1 a2 a1", "2/0 Duplicated[a/1]"},
		{"in order before, a duplicate behind", "log a2 a1 a1", "2/0 Duplicated[a/1] OutOfOrder[a/1]"},
		{"a duplicate is first in its partition", "log a1 a2@1 a1@1", "2/0 Duplicated[a/1] OutOfOrder[a/1]"},
		{"a duplicate is twice in another partition", "log a1 a2@1 a1@1 a1@1", "2/0 Duplicated[a/1 a/1] OutOfOrder[a/1]"},
		{"in order behind an aborted one", "log a3~ a1 a2; read a1 a2", "2/2"},

		{"spurious, refused", "write a1!; log a1; read a1", "1/1 Spurious[a/1]"},
		{"spurious, never written", "write; log a2 a1@1 a2", "2/0 Duplicated[a/2] Spurious[a/2 a/1]"},
		{"refused, then acknowledged", "write a1! a1; log a1; read a1", "1/1"},
		{"acknowledged, then refused", "write a1 a1!; log a1; read a1", "1/1"},
		{"refused, then unknown", "write a1! a1?; log a1; read a1", "1/1 UnknownPresent[a/1]"},
		{"spurious for readers alone", "write a1!; read a1 a2", "2/2 Spurious[a/1 a/2]"},
		{"missing and spurious", "write a1!; log a1; read", "1/0 Spurious[a/1] Missing[a/1]"},

		{"missing", "log a1 a2 a3; read a2; letter", "3/1 Missing[a/1 a/3]"},
		{"missing once, though it is there twice", "log a1 a1; read", "1/0 Duplicated[a/1] Missing[a/1]"},
		{"missing though its ghost was read", "log a1~ a1; read a1~", "1/0 Missing[a/1] AbortedRead[a/1]"},
		{"a dead letter is not missing", "log a1; read; letter a1", "1/0"},
		{"dead letters say nothing of reads", "log a1 a2; letter a1", "2/0"},
		{"missing without a log, by stream and number", "write b2 b1 a9; read", "3/0 Missing[a/9 b/1 b/2]"},

		{"repeated by another session", "log a1 a2; read x:a1 y:a1 y:a2 x:a2", "2/2 Repeated[a/1 a/2]"},
		{"repeated by a dead letter", "log a1 a2; read a1; letter a1 a2 a2", "2/1 Repeated[a/1 a/2]"},
		{"repeated, by readers alone", "read x:a1 y:a1", "1/1 Repeated[a/1]"},
		{"repeated by the same session", "log a1; read a1 a1", "1/1 Repeated[a/1] Nonmonotonic[a/1]"},

		{"back", "log a1 a2 a3; read a1 a3 a2", "3/3 Nonmonotonic[a/2]"},
		{"back, and on from there", "log a1 a2 a3 a4; read a1 a2 a3 a2 a3 a4", "4/4 Repeated[a/2 a/3] Nonmonotonic[a/2]"},
		{"back twice", "log a1 a2 a3; read a3 a2 a1", "3/3 Nonmonotonic[a/2 a/1]"},
		{"back by partition", "log a1 a2@1 a3; read a2 a1 a3", "3/3"},
		{"back by session", "log a1 a2; read x:a2 y:a1", "2/2"},
		{"back by the log, not by numbers", "log a2 a1; read a2 a1", "2/2 OutOfOrder[a/1]"},
		{"not back to a copy", "log a1 a2 a1 a3; read a1 a2 a1 a3", "3/3 Duplicated[a/1]"},
		{"back behind the last copy", "log a1 a1 a2; read a1 a2 a1", "2/2 Duplicated[a/1] Nonmonotonic[a/1]"},
		{"back to the first copy", "log a1 a2 a1 a3; read a1 a2 a3 a1 a2", "3/3 Duplicated[a/1] Repeated[a/2] Nonmonotonic[a/1]"},
		{"in two partitions: back cannot be told", "log a1 a1@1 a2 a2@1; read a2 a1", "2/2 Duplicated[a/1 a/2]"},
		{"in two partitions, and in the first again", "log a1 a1@1 a1 a2; read a2 a1", "2/2 Duplicated[a/1 a/1]"},
		{"without a log: back by numbers of a stream", "write a1 a2 b1; read a2 b1 a1", "3/3 Nonmonotonic[a/1]"},
		{"without a log: streams are apart", "read b1 a1 b2", "3/3"},
		{"what is not in the log has no place in it", "log a1; read a1 a9 a0", "1/1 AbortedRead[a/9 a/0]"},

		{"ghost read", "log a1~ a1; read a1~ a1 a1~", "1/1 AbortedRead[a/1 a/1]"},
		{"ghost read, nothing else observed", "read a1~", "0/0 AbortedRead[a/1]"},
		{"aborted record read", "log a1~ a2; read a1 a2", "1/1 AbortedRead[a/1]"},
		{"dead letter of an aborted record", "log a1~; letter a1 a1", "0/0 AbortedRead[a/1 a/1]"},

		{"unknown", "write a1? a2? a3?; log a2; read a2", "1/1 UnknownAbsent[a/1 a/3] UnknownPresent[a/2]"},
		{"unknown, there twice", "write a1?; log a1 a1; read a1", "1/1 Duplicated[a/1] UnknownPresent[a/1]"},
		{"unknown twice, there once", "write a1? a1?; log a1; read a1", "1/1 UnknownPresent[a/1]"},
		{"unknown, and nobody read", "write a1? a2?; log a1", "1/0 UnknownAbsent[a/2] UnknownPresent[a/1]"},
		{"unknown, without a log", "write a1? a2? a3?; read a1; letter a3", "2/1 UnknownAbsent[a/2] UnknownPresent[a/1 a/3]"},
		{"unknown, and nobody looked", "write a1? a2; letter a1", "2/0"},
		{"acknowledged, and nobody looked", "write a1 a2! a3? a1", "1/0"},

		{"torn, acknowledged", "write a1t a2t; log a2; read a2", "1/1 Lost[a/1] Torn[t]"},
		{"torn, unknown", "write a1?t a2?t; log a1; read a1", "1/1 Torn[t] UnknownAbsent[a/2] UnknownPresent[a/1]"},
		{"torn, refused", "write a1!t a2!t; log a1~ a2; read a2", "1/1 Spurious[a/2] Torn[t]"},
		{"torn over streams, once each", "write a1u b1u a2t b2t a3t; log a1 b1 a2; read a1 b1 a2", "3/3 Lost[b/2 a/3] Torn[t]"},
		{"torn, the second first", "write a1t b1u a2t b2u; log a1 b2; read a1 b2", "2/2 Lost[b/1 a/2] Torn[t u]"},
		{"whole or not at all", "write a1?t a2?t a3?u a4?u; log a1 a2; read a1 a2", "2/2 UnknownAbsent[a/3 a/4] UnknownPresent[a/1 a/2]"},
		{"a ghost's transaction is not torn", "write a1!t a2!t a1u; log a1~ a2~ a1; read a1", "1/1"},
		{"a torn transaction made again is whole", "write a1?t a2?t a1?u a2?u; log a1 a2; read a1 a2", "2/2 UnknownPresent[a/1 a/2]"},
		{"of a message's transactions the last counts", "write a1!t a1!u a2!u; log a2; read a2", "1/1 Spurious[a/2] Torn[u]"},
		{"torn is for the log to say", "write a1?t a2?t; read a1", "1/1 UnknownAbsent[a/2] UnknownPresent[a/1]"},

		{"effect without its commit", "log a1 a2 a3; read a1 a2; letter a3; commit 0:1", "3/2 Torn[a/2 a/3]"},
		{"effect, nothing committed", "log a1 a2@1; read a1 a2; commit 1:1", "2/2 Torn[a/1]"},
		{"commit without its effect", "log a1 a2; read a1; letter; commit 0:2", "2/1 Missing[a/2]"},
		{"neither commit nor effect", "log a1 a2; read a1; letter; commit 0:1", "2/1 Missing[a/2]"},
		{"effect of a copy without its commit", "log a1 a1; read a1 a1; commit 0:1", "1/1 Duplicated[a/1] Torn[a/1]"},
		{"effect of the committed copy", "log a1 a1; read a1; commit 0:1", "1/1 Duplicated[a/1]"},
		{"repeated effect, committed", "log a1; read x:a1 y:a1; commit 0:1", "1/1 Repeated[a/1]"},
		{"a transaction, then an effect", "write a1t a2t; log a1; read a1; commit", "1/1 Lost[a/2] Torn[t a/1]"},
		{"commits need a log", "read a1; commit", "1/1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			run := parse(t, c.run)
			v := Check(run)
			if got := summary(v); got != c.want {
				t.Errorf("%s: got %s, want %s", c.run, got, c.want)
			}
			if ref := reference(run); !reflect.DeepEqual(sorted(ref), sorted(v)) {
				t.Errorf("%s: the reference says %s, want %s", c.run, summary(ref), c.want)
			}
		})
	}
}

// summary writes the parts of a verdict that are not empty.
func summary(v Verdict) string {
	text := fmt.Sprintf("%d/%d", v.Produced, v.Processed)
	value := reflect.ValueOf(v)
	for i := range value.NumField() {
		if field := value.Field(i); field.Kind() == reflect.Slice && !field.IsNil() {
			text += fmt.Sprint(" ", value.Type().Field(i).Name, field)
		}
	}
	return text
}

func parse(t *testing.T, text string) Run {
	t.Helper()
	var run Run
	for part := range strings.SplitSeq(text, ";") {
		words := strings.Fields(part)
		if len(words) == 0 {
			continue
		}
		switch kind, words := words[0], words[1:]; kind {
		case "write":
			run.Writes = []Write{}
			for _, w := range words {
				m, rest := message(t, w)
				outcome := Acknowledged
				switch {
				case strings.HasPrefix(rest, "?"):
					outcome, rest = Unknown, rest[1:]
				case strings.HasPrefix(rest, "!"):
					outcome, rest = Refused, rest[1:]
				}
				run.Writes = append(run.Writes, Write{m, outcome, rest})
			}
		case "log":
			run.Log = []Record{}
			next := map[int32]int64{}
			for _, w := range words {
				m, rest := message(t, w)
				rest, aborted := strings.CutSuffix(rest, "~")
				p := int32(number(t, "0"+strings.TrimPrefix(rest, "@")))
				run.Log = append(run.Log, Record{m, p, next[p], aborted})
				next[p]++
			}
		case "read":
			run.Reads = []Read{}
			for _, w := range words {
				session, w, found := strings.Cut(w, ":")
				if !found {
					session, w = "", session
				}
				m, rest := message(t, w)
				run.Reads = append(run.Reads, Read{m, session, rest == "~"})
			}
		case "letter":
			run.DeadLetters = []Message{}
			for _, w := range words {
				m, _ := message(t, w)
				run.DeadLetters = append(run.DeadLetters, m)
			}
		case "commit":
			run.Commits = map[int32]int64{}
			for _, w := range words {
				p, offset, _ := strings.Cut(w, ":")
				run.Commits[int32(number(t, p))] = int64(number(t, offset))
			}
		default:
			t.Fatalf("%q is no observation", kind)
		}
	}
	return run
}

// message is at most one letter and a number, and what follows them.
func message(t *testing.T, word string) (Message, string) {
	t.Helper()
	at := strings.IndexAny(word, "-0123456789")
	end := at + 1
	for end < len(word) && word[end] >= '0' && word[end] <= '9' {
		end++
	}
	return Message{word[:at], number(t, word[at:end])}, word[end:]
}

func number(t *testing.T, text string) int {
	t.Helper()
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
