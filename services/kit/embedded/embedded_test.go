package embedded_test

import (
	"testing"

	"workshop.example/kit/embedded"
	"workshop.example/kit/kafka"
)

func clusterID(t *testing.T, o embedded.Options) string {
	t.Helper()
	c, err := embedded.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	cluster := kafka.Cluster{Brokers: c.ListenAddrs()}
	client, err := cluster.DialOnce(t.Context(), cluster.Config("test"))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	id, err := kafka.ClusterID(t.Context(), client)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestClusterIDLivesAsLongAsTheMessages(t *testing.T) {
	dir := t.TempDir()
	kept := clusterID(t, embedded.Options{DataDir: dir})
	if again := clusterID(t, embedded.Options{DataDir: dir}); again != kept {
		t.Errorf("the same folder has ids %s and %s", kept, again)
	}
	first, second := clusterID(t, embedded.Options{}), clusterID(t, embedded.Options{})
	if first == second || first == kept {
		t.Errorf("ids %s, %s, %s of three clusters", kept, first, second)
	}
}
