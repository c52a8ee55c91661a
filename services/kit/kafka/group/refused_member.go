package group

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/IBM/sarama"

	"workshop.example/kit/kafka"
)

// joinRefusal is a coordinator's reason for not taking a member in, one that sarama does not retry by itself.
type joinRefusal struct {
	code   sarama.KError
	name   string // Kafka's name for it
	wait   time.Duration
	reason string // what it means and what to do; the verb is the group
}

// describeTimeout is how long the coordinator has to describe the group.
const describeTimeout = 2 * time.Second

// waitForEver is the wait for a refusal that ends when somebody else makes room.
const waitForEver = time.Duration(1<<63 - 1)

// strategyWait is how long a member waits for those of another strategy to leave. The refusal may pass: a
// member that died stays in the group until its session ends, 45 s by default in the Java client and in
// librdkafka. One that outlasts this runs, and no wait can help.
const strategyWait = time.Minute

// joinRefusals are the answers that need a remedy. All others, such as NOT_COORDINATOR, pass by themselves.
// A wait of 0 ends the program at once: the answer is the same at every try until somebody changes a setting.
var joinRefusals = []joinRefusal{
	{sarama.ErrInconsistentGroupProtocol, "INCONSISTENT_GROUP_PROTOCOL", strategyWait,
		"group %s has members with another assignment strategy than this program's: set GROUP_STRATEGY to theirs where it is " +
			strings.Join(kafka.Strategies, ", ") + ", configure this program's for them (partition.assignment.strategy), stop them, or " +
			"choose another CONSUMER_GROUP"},
	{sarama.ErrGroupMaxSizeReached, "GROUP_MAX_SIZE_REACHED", waitForEver,
		"group %s is full (group.max.size of the brokers): this program joins when a member leaves; or raise group.max.size, or choose " +
			"another CONSUMER_GROUP"},
	{sarama.ErrInvalidSessionTimeout, "INVALID_SESSION_TIMEOUT", 0,
		"the brokers do not accept this program's session timeout of 6 s in group %s: set group.min.session.timeout.ms to at most 6000 " +
			"and group.max.session.timeout.ms to at least 6000"},
	{sarama.ErrInvalidGroupId, "INVALID_GROUP_ID", 0,
		"the brokers do not accept the group name %q: choose another CONSUMER_GROUP"},
	{sarama.ErrGroupAuthorizationFailed, "GROUP_AUTHORIZATION_FAILED", 0,
		"this user has no permission on group %s: grant READ on the group (kafka-acls --add --operation Read --group), or choose " +
			"another CONSUMER_GROUP"},
	{sarama.ErrUnsupportedVersion, "UNSUPPORTED_VERSION", 0,
		"the brokers do not speak the protocol version that this program needs in group %s: use Kafka 2.5 or newer"},
}

// standingRefusal is a refusal that was not withdrawn yet.
type standingRefusal struct {
	*kafka.RefusedError
	since time.Time
}

// refuse notes why the coordinator does not take the member in, for [Consumer.waitCause]. It reports and returns a
// kafka.RefusedError where a further try cannot help.
func (g *Consumer) refuse(ctx context.Context, err error) error {
	for _, r := range joinRefusals {
		if !errors.Is(err, r.code) {
			continue
		}
		standing := g.standing()
		if standing == nil || standing.Err != r.code {
			refused := &kafka.RefusedError{Name: g.Member.Group, Reason: fmt.Sprintf(r.reason, g.Member.Group), Code: r.name, Err: r.code}
			if r.code == sarama.ErrInconsistentGroupProtocol {
				// Without the strategy that rules in the group it says less; that it could not be asked for is no news.
				if described, err := g.describe(ctx); err == nil && described.Protocol != "" {
					refused.Code += ": " + strings.Trim(strconv.Quote(described.Protocol), `"`) // others choose it
				}
			}
			standing = &standingRefusal{refused, time.Now()}
			g.setRefusal(standing)
		}
		if time.Since(standing.since) < min(r.wait, g.longestWait) {
			return nil
		}
		g.Hooks.Failed(standing.RefusedError)
		return standing.RefusedError
	}
	return nil
}

// permitted asks for the coordinator once, and returns a kafka.RefusedError where this user may not know the group. Sarama would ask
// for a minute before it says so. Any other answer is for sarama to deal with.
func (g *Consumer) permitted(ctx context.Context) error {
	broker := g.client().LeastLoadedBroker()
	if broker == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, describeTimeout)
	defer cancel()
	resp, err := kafka.Interruptible(ctx, func() (*sarama.FindCoordinatorResponse, error) {
		return broker.FindCoordinator(&sarama.FindCoordinatorRequest{
			Version: 3, CoordinatorKey: g.Member.Group, CoordinatorType: sarama.CoordinatorGroup,
		})
	})
	if err != nil || !errors.Is(resp.Err, sarama.ErrGroupAuthorizationFailed) {
		return nil
	}
	return g.refuse(ctx, resp.Err)
}

// standing is the refusal that was not withdrawn yet, or nil.
func (g *Consumer) standing() *standingRefusal {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.refusal
}

func (g *Consumer) setRefusal(r *standingRefusal) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.refusal = r
}

// describe asks the coordinator for the group as it is now.
func (g *Consumer) describe(ctx context.Context) (*sarama.GroupDescription, error) {
	ctx, cancel := context.WithTimeout(ctx, describeTimeout)
	defer cancel()
	client := g.client()
	return kafka.Interruptible(ctx, func() (*sarama.GroupDescription, error) {
		coordinator, err := client.Coordinator(g.Member.Group)
		if err != nil {
			return nil, err
		}
		resp, err := coordinator.DescribeGroups(&sarama.DescribeGroupsRequest{Version: 4, Groups: []string{g.Member.Group}})
		if err == nil && len(resp.Groups) != 1 {
			err = errors.New("the coordinator's answer leaves the group out")
		}
		if err == nil && resp.Groups[0].Err != sarama.ErrNoError {
			err = resp.Groups[0].Err
		}
		if err != nil {
			// The next question goes to the coordinator of then. If there is none, the next question says so.
			_ = client.RefreshCoordinator(g.Member.Group)
			return nil, err
		}
		return resp.Groups[0], nil
	})
}
