//go:build brokers

package acceptance

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// cloud connects machines, each a network namespace, by cables that can be cut and slowed. It is a switch in
// user space, between TUN devices: not every kernel has netem, which is tc's way to delay packets.
type cloud struct {
	cables map[byte]*cable // by the last number of the address
}

// Addresses in the cloud end with these; a broker's is its number.
const (
	zooKeeperHost = 9
	clientsHost   = 254
	cloudMTU      = 9000
)

func cloudAddr(host byte) string { return fmt.Sprintf("10.77.0.%d", host) }

// cable leads from a machine to the switch.
type cable struct {
	machine *machine // nil: the network of this process
	tun     *os.File

	cut  atomic.Bool
	slow atomic.Bool

	passed, dropped, delayed atomic.Int64 // packets

	up, down chan packet // held while the cable is slow
}

type packet struct {
	bytes []byte
	to    *cable
	at    time.Time
}

// A slow cable.
const (
	slowDelay = 50 * time.Millisecond // each way
	slowRate  = 3_000_000 / 8         // bytes a second, each way
	slowQueue = 200                   // packets that it holds; more are dropped
)

// newCloud makes the machines of the brokers and of ZooKeeper, and connects this process with them. It takes root,
// of the system or of a user namespace.
func newCloud(t testing.TB, hosts ...byte) *cloud {
	t.Helper()
	c := &cloud{cables: map[byte]*cable{}}
	for _, host := range append(hosts, clientsHost) {
		l := &cable{up: make(chan packet, slowQueue), down: make(chan packet, slowQueue)}
		namespace := ""
		name := "faults" + strconv.Itoa(int(host))
		if host != clientsHost {
			l.machine = newMachine(t, hold(t, newNetwork()))
			namespace = fmt.Sprintf("/proc/%d/ns/net", l.machine.pid())
		}
		var err error
		if l.tun, err = openTUN(namespace, name); err != nil {
			t.Fatalf("TUN device %s: %v: it takes root, of the system or of a user namespace, and /dev/net/tun", name, err)
		}
		t.Cleanup(func() { l.tun.Close() })
		for _, line := range [][]string{
			{"ip", "addr", "add", cloudAddr(host) + "/24", "dev", name},
			{"ip", "link", "set", name, "mtu", strconv.Itoa(cloudMTU), "up"},
			{"ip", "link", "set", "lo", "up"},
		} {
			l.command(t, line...)
		}
		c.cables[host] = l
	}
	for _, l := range c.cables {
		go c.forward(l)
		go drip(l.up)
		go drip(l.down)
	}
	return c
}

// command runs one in the machine's network.
func (l *cable) command(t testing.TB, args ...string) {
	t.Helper()
	if l.machine != nil {
		l.machine.must(args...)
		return
	}
	here := machine{t: t, enter: []string{"env"}}
	here.must(args...)
}

// openTUN makes a device in the network of a process, or in ours for "". It stays there as long as the file is open.
func openTUN(namespace, name string) (file *os.File, err error) {
	if namespace == "" {
		return openTUNHere(name)
	}
	opened := make(chan struct{})
	go func() {
		defer close(opened)
		runtime.LockOSThread() // and never unlocked: the thread, which moves, serves nobody else afterwards
		var ns int
		if ns, err = unix.Open(namespace, unix.O_RDONLY|unix.O_CLOEXEC, 0); err != nil {
			return
		}
		defer unix.Close(ns)
		if err = unix.Setns(ns, unix.CLONE_NEWNET); err == nil {
			file, err = openTUNHere(name)
		}
	}()
	<-opened
	return file, err
}

func openTUNHere(name string) (*os.File, error) {
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	request, err := unix.NewIfreq(name)
	if err == nil {
		request.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
		err = unix.IoctlIfreq(fd, unix.TUNSETIFF, request)
	}
	if err != nil {
		unix.Close(fd)
		return nil, err
	}
	return os.NewFile(uintptr(fd), name), nil
}

// forward carries what a machine sends, until its cable is closed.
func (c *cloud) forward(from *cable) {
	buffer := make([]byte, 1<<16)
	for {
		n, err := from.tun.Read(buffer)
		if errors.Is(err, os.ErrClosed) {
			return
		}
		if err != nil || n < 20 || buffer[0]>>4 != 4 {
			continue // IPv6 asks for neighbours; a device that is down reads as an error
		}
		to := c.cables[buffer[19]]
		switch {
		case to == nil:
		case from.cut.Load() || to.cut.Load():
			for _, l := range []*cable{from, to} {
				if l.cut.Load() {
					l.dropped.Add(1)
				}
			}
		case from.slow.Load():
			from.delay(from.up, buffer[:n], to)
		case to.slow.Load():
			to.delay(to.down, buffer[:n], to)
		default:
			from.passed.Add(1)
			to.passed.Add(1)
			to.tun.Write(buffer[:n]) // an error is a packet that is lost, which happens to packets
		}
	}
}

func (l *cable) delay(queue chan packet, bytes []byte, to *cable) {
	select {
	case queue <- packet{append([]byte(nil), bytes...), to, time.Now()}:
		l.delayed.Add(1)
	default:
		l.dropped.Add(1)
	}
}

// drip delivers what a slow cable holds, each packet when it is due.
func drip(queue chan packet) {
	var free time.Time // when the one before is through
	for p := range queue {
		if p.at.After(free) {
			free = p.at
		}
		free = free.Add(time.Duration(len(p.bytes)) * time.Second / slowRate)
		time.Sleep(time.Until(free.Add(slowDelay)))
		p.to.tun.Write(p.bytes)
	}
}
