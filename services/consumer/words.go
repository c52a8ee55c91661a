package consumer

import (
	"fmt"
	"strconv"
	"strings"
)

// words are the lines for students.
type words struct {
	ready                    string
	given, lost, held, holds string // parts of the line about a rebalance
	none                     string // no partition
	summary                  string // read, skipped
}

var (
	portuguese = words{
		ready:   "brokers estão disponíveis e prontos para consumir mensagens",
		given:   "partições recebidas: %s",
		lost:    "partições perdidas: %s",
		held:    "partições mantidas: %s",
		holds:   "%s (agora: %s)",
		none:    "nenhuma",
		summary: "resumo: %d lidas · %d ignoradas",
	}
	english = words{
		ready:   "brokers are available and ready to consume messages",
		given:   "partitions given: %s",
		lost:    "partitions lost: %s",
		held:    "partitions kept: %s",
		holds:   "%s (now: %s)",
		none:    "none",
		summary: "summary: %d read · %d skipped",
	}
)

// rebalance is the line about what a rebalance changed.
func (w words) rebalance(given, lost, held []int32) string {
	var change string
	switch {
	case len(given) > 0 && len(lost) > 0:
		change = fmt.Sprintf(w.given, w.list(given)) + " · " + fmt.Sprintf(w.lost, w.list(lost))
	case len(given) > 0:
		change = fmt.Sprintf(w.given, w.list(given))
	case len(lost) > 0:
		change = fmt.Sprintf(w.lost, w.list(lost))
	default:
		return fmt.Sprintf(w.held, w.list(held))
	}
	return fmt.Sprintf(w.holds, change, w.list(held))
}

// list writes partitions as 0, 1, 2.
func (w words) list(partitions []int32) string {
	if len(partitions) == 0 {
		return w.none
	}
	texts := make([]string, len(partitions))
	for i, p := range partitions {
		texts[i] = strconv.Itoa(int(p))
	}
	return strings.Join(texts, ", ")
}
