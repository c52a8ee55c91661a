package cli

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/IBM/sarama"
	"github.com/spf13/cobra"

	"workshop.example/workshop/admin/session"
)

func (t *tool) reloadCommand() *cobra.Command {
	var listeners []string
	cmd := &cobra.Command{
		Use:   "reload",
		Short: "Make the brokers read their certificates again, without a restart",
		Long: `reload sets ssl.keystore.location of the listeners of each broker to the value that it has. Brokers then look whether the file
is another one, and use it from the next connection on. Connections that are open go on. The user needs AlterConfigs
and DescribeConfigs on the cluster.`,
		Example: "  workshop certs reload --listeners internal,programs,external",
		Args:    cobra.NoArgs,
	}
	session.BootstrapFlag(cmd)
	tool := t.admin()
	tool.Bind(cmd, func(ctx context.Context, o *session.Options, _ []string) error {
		return session.Do(ctx, o, func(ctx context.Context, s *session.Session) error {
			var errs []error
			for _, b := range s.Client.Brokers() {
				// One that is busy answers too late, and knows at the next question what it has read.
				err := s.Retry(ctx, func() error { return reload(s.Admin, b.ID(), listeners) })
				if err == nil {
					err = tool.Say("broker-%d has read its certificates again", b.ID())
				}
				if err != nil {
					errs = append(errs, fmt.Errorf("broker %d: %w", b.ID(), err))
				}
			}
			return errors.Join(errs...)
		})
	})
	rejectUnknownSubcommands(cmd)
	// Each broker tries the new certificate on itself, which takes seconds on a machine that is busy.
	timeout := cmd.Flags().Lookup("timeout")
	timeout.DefValue = "1m0s"
	timeout.Value.Set(timeout.DefValue)
	cmd.Flags().StringSliceVar(&listeners, "listeners", []string{"internal", "programs", "external"}, "the brokers' listeners with TLS")
	return cmd
}

// reload sets what is set already. A broker looks at its files whenever its configuration is altered, also by nothing new.
func reload(admin sarama.ClusterAdmin, id int32, listeners []string) error {
	const location = "ssl.keystore.location"
	name := strconv.Itoa(int(id))
	broker := &sarama.ConfigResource{Type: sarama.BrokerResource, Name: name, ConfigNames: []string{location}}
	have, err := admin.DescribeConfigs([]*sarama.ConfigResource{broker}, sarama.DescribeConfigsOptions{})
	if err != nil {
		return err
	}
	if len(have) == 0 || len(have[0].Configs) == 0 || have[0].Configs[0].Value == "" {
		return fmt.Errorf("it does not tell its %s: it has none, or this user may not see it", location)
	}
	file := have[0].Configs[0].Value
	entries := map[string]sarama.IncrementalAlterConfigsEntry{}
	for _, l := range listeners {
		entries["listener.name."+l+"."+location] = sarama.IncrementalAlterConfigsEntry{
			Operation: sarama.IncrementalAlterConfigsOperationSet, Value: &file,
		}
	}
	return admin.IncrementalAlterConfig(sarama.BrokerResource, name, entries, false)
}
