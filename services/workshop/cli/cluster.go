package cli

import (
	"fmt"

	"workshop.example/kit/kafka"
	"workshop.example/kit/kafkaenv"
	"workshop.example/kit/service"
)

// cluster returns the cluster that a flag names, or the one of the environment if the flag is empty. Errors name the
// flag as name.
func (t *tool) cluster(flag, name string) (kafka.Cluster, error) {
	lookup := t.lookup
	if flag != "" {
		if _, err := service.SplitHostPorts(flag); err != nil {
			return kafka.Cluster{}, service.UsageError(fmt.Sprintf("%s: %v; accepted: host:port, comma separated", name, err))
		}
		lookup = func(name string) (string, bool) {
			switch name {
			case "BOOTSTRAP_SERVERS":
				return flag, true
			case "kafka_host_url":
				return "", false // the flag wins, so a mistake in it would be of no consequence
			}
			return t.lookup(name)
		}
	}
	env := service.NewEnv(lookup)
	cluster := kafkaenv.Cluster(env)
	for _, v := range env.Ignored() {
		t.remark(fmt.Sprintf("warning: %s=%s is ignored: %s", v.Name, v.Value, v.Because))
	}
	return cluster, env.Err()
}
