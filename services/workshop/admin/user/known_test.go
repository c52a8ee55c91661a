package user

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"

	"workshop.example/kit/kafka"
	"workshop.example/kit/kafkatest"
	"workshop.example/workshop/admin/admintest"
	"workshop.example/workshop/secrets"
)

// A broker that learns of the rights later than the one that was asked to change them is waited for.
func TestEveryBrokerKnows(t *testing.T) {
	dir := t.TempDir()
	users := filepath.Join(dir, "users.toml")
	if err := os.WriteFile(users, []byte("[ana]\ntopics = { \"a\" = [\"Read\"] }\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(secrets.Folder(dir).AuthorityFile(), nil, 0o600); err != nil { // who makes users looks whether it is there
		t.Fatal(err)
	}
	cluster := kafkatest.Start(t)
	const late = 10 // questions, after which the user is told
	asked := 0
	cluster.ControlKey(kmsg.DescribeACLs.Int16(), func(req kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		if req.(*kmsg.DescribeACLsRequest).Principal != nil { // the first question, before anything is changed
			return nil, nil, false
		}
		asked++
		return req.ResponseKind(), nil, asked <= late
	})
	r := admintest.Mount(NewCommand).Run(t, kafka.Cluster{Brokers: cluster.ListenAddrs()}, "users", "apply", "--users", users, "--dir", dir)
	if r.Err != nil || asked != late+len(cluster.ListenAddrs()) || !strings.Contains(r.Stdout, "ana: new password, + Read on topic a") ||
		!strings.Contains(r.Stderr, "does not know the rights of ana yet") {
		t.Errorf("%v after %d questions, want none after %d\n%s", r.Err, asked, late+len(cluster.ListenAddrs()), r.Stdout+r.Stderr)
	}
}
