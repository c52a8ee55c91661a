package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/IBM/sarama"

	"workshop.example/kit/embedded"
	"workshop.example/kit/kafka"
	"workshop.example/kit/service"
)

// localCluster is the embedded cluster of up, with its topics.
type localCluster struct {
	*embedded.Cluster
	topics []kafka.Applied
	unlock func()
}

// startCluster starts brokers on the ports of o and creates the topics. After an error nothing is left running.
func startCluster(ctx context.Context, o embedded.Options, topics []kafka.Topic) (_ *localCluster, err error) {
	if taken := takenPorts(o.Ports); len(taken) > 0 {
		return nil, portsTaken(taken, len(o.Ports))
	}
	c := &localCluster{unlock: func() {}}
	defer func() {
		if err != nil {
			c.Close()
		}
	}()
	if o.DataDir != "" {
		if c.unlock, err = lockDir(o.DataDir); err != nil {
			return c, err
		}
	}
	c.Cluster, err = embedded.Start(o)
	if taken, ok := errors.AsType[*embedded.PortTakenError](err); ok { // since we looked
		return c, portsTaken([]int{taken.Port}, len(o.Ports))
	}
	if err != nil && o.DataDir != "" {
		return c, fmt.Errorf("messages in %s: %w; another --data-dir begins with none", o.DataDir, err)
	}
	if err != nil {
		return c, err
	}
	c.topics, err = c.applyTopics(ctx, topics)
	return c, err
}

func (c *localCluster) applyTopics(ctx context.Context, topics []kafka.Topic) ([]kafka.Applied, error) {
	brokers := c.ListenAddrs()
	admin, err := sarama.NewClusterAdmin(brokers, kafka.Cluster{Brokers: brokers}.AdminConfig("workshop"))
	if err != nil {
		return nil, fmt.Errorf("create topics: %w", err)
	}
	defer admin.Close()
	return kafka.ApplyTopics(ctx, admin, topics, nil)
}

// Close ends the cluster; messages in a folder are safe when it returns.
func (c *localCluster) Close() {
	if c.Cluster != nil {
		c.Cluster.Close()
	}
	c.unlock()
}

// lockDir creates the folder if it is missing and locks it: two clusters that write the same files would destroy them.
// The lock ends with the process, however that ends.
func lockDir(dir string) (unlock func(), err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return func() {}, fmt.Errorf("--data-dir: %w", err)
	}
	file, err := openLocked(filepath.Join(dir, "workshop.lock"))
	if errors.Is(err, errLocked) {
		return func() {}, fmt.Errorf("--data-dir %s is in use by another «workshop up»: stop that one, or choose another folder", dir)
	}
	if err != nil {
		return func() {}, fmt.Errorf("--data-dir: %w", err)
	}
	return func() { file.Close() }, nil
}

var errLocked = errors.New("locked by another process")

// MaxBrokers is how many brokers a [Stack] may have: more than any lab needs, and few enough for a laptop.
const MaxBrokers = 5

// parsePorts reads --ports.
func parsePorts(list string) ([]int, error) {
	var ports []int
	for field := range strings.SplitSeq(list, ",") {
		port, err := strconv.Atoi(strings.TrimSpace(field))
		if err != nil || port < 1 || port > 65535 || slices.Contains(ports, port) {
			ports = nil
			break
		}
		ports = append(ports, port)
	}
	if len(ports) == 0 || len(ports) > MaxBrokers {
		return nil, service.UsageError(fmt.Sprintf(
			"--ports %q: accepted: 1 to %d different ports from 1 to 65535, comma separated", list, MaxBrokers))
	}
	return ports, nil
}

// takenPorts returns the ports that cannot be listened on.
func takenPorts(ports []int) []int {
	taken := make([]bool, len(ports))
	var wg sync.WaitGroup
	for i, port := range ports {
		wg.Go(func() { taken[i] = embedded.PortTaken(port) })
	}
	wg.Wait()
	var list []int
	for i, port := range ports {
		if taken[i] {
			list = append(list, port)
		}
	}
	return list
}

func portsTaken(taken []int, brokers int) error {
	noun := "port %s is"
	if len(taken) > 1 {
		noun = "ports %s are"
	}
	return fmt.Errorf(noun+" already taken: stop what listens there (if it is the compose stack: «docker compose down»), "+
		"or use others: --ports %s", listPorts(taken), listPorts(otherPorts(brokers, 19091)))
}

// otherPorts proposes n free ports from first on. They are below the ephemeral range, so that a later start is likely to
// find them free too.
func otherPorts(n, first int) []int {
	ports := make([]int, n)
	for base := first; base < 30000; base += 1000 {
		for i := range ports {
			ports[i] = base + i
		}
		if len(takenPorts(ports)) == 0 {
			break
		}
	}
	return ports
}

func listPorts(ports []int) string {
	texts := make([]string, len(ports))
	for i, port := range ports {
		texts[i] = strconv.Itoa(port)
	}
	return strings.Join(texts, ",")
}
