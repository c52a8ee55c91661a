package local

import (
	"cmp"
	"fmt"
	"net"
	"slices"
	"strconv"

	"workshop.example/kit/embedded"
	"workshop.example/kit/service"

	"workshop.example/workshop/screen"
)

// monitor is the service that serves the class board.
const monitor = "monitor"

const (
	boardPort  = 8088
	otherBoard = 18088 // and those after it, where boardPort is taken and the user has named none
)

// classBoard is where the class board is. A nil one is nowhere.
type classBoard struct {
	addr string // where the monitor listens
	port int    // 0 where the user has set HTTP_ADDR, and knows what is free
	free bool   // the port was looked for, as the user has named none
}

// boardOf returns the class board if the monitor is among the chosen programs. HTTP_PORT and HTTP_ADDR are the page's of the
// e-commerce system where that runs too.
//
// A port that the user has named has to be free: portIsFree says so. The default one gives way to another, as nobody who starts the
// workshop has asked for it.
func (s *Stack) boardOf(chosen []program, shop *shop) (*classBoard, error) {
	if !slices.ContainsFunc(chosen, func(p program) bool { return p.name == monitor }) {
		return nil, nil
	}
	named, addr := "", ""
	if shop == nil || !shop.page {
		named, _ = s.lookup("HTTP_PORT")
		addr, _ = s.lookup("HTTP_ADDR")
	}
	if addr != "" {
		return &classBoard{addr: addr}, nil
	}
	b := &classBoard{free: named == ""}
	var err error
	if b.port, err = strconv.Atoi(cmp.Or(named, strconv.Itoa(boardPort))); err != nil || b.port < 1 || b.port > 65535 {
		return nil, service.UsageError(fmt.Sprintf("HTTP_PORT %q: accepted: 1 to 65535", named))
	}
	if b.free && embedded.PortTaken(b.port) {
		b.port = otherPorts(1, otherBoard)[0]
	}
	b.addr = net.JoinHostPort("127.0.0.1", strconv.Itoa(b.port))
	return b, nil
}

// portIsFree returns an error if the port that the user has named is taken.
func (b *classBoard) portIsFree() error {
	if b == nil || b.free || b.port == 0 || !embedded.PortTaken(b.port) {
		return nil
	}
	return fmt.Errorf("port %d, of the class board, is already taken: stop what listens there, or use another: HTTP_PORT=%d workshop up",
		b.port, otherPorts(1, otherBoard)[0])
}

// withAddress returns the program with the board's address in its environment, where it is the monitor.
func (b *classBoard) withAddress(p program) program {
	if b != nil && p.name == monitor {
		p.fixed = slices.Concat(p.fixed, []string{"HTTP_ADDR=" + b.addr})
	}
	return p
}

func (b *classBoard) introduce(out *screen.Output) {
	switch {
	case b == nil:
	case b.free && b.port != boardPort:
		out.Say(service.Textf("quadro da turma: %s (a porta %d está ocupada)", "class board: %s (port %d is taken)", pageURL(b.addr), boardPort))
	default:
		out.Say(service.Textf("quadro da turma: %s", "class board: %s", pageURL(b.addr)))
	}
}
