package cli

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"workshop.example/kit/fold"
	"workshop.example/kit/service"
	"workshop.example/workshop/admin/session"
	"workshop.example/workshop/doctor"
)

var doctorFormats = map[string]func(io.Writer, service.Lang, []doctor.Line, int) error{"table": doctor.Print, "json": doctor.PrintJSON}

func (t *tool) doctorCommand() *cobra.Command {
	var brokers, format string
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Is this machine ready for the workshop? And can it reach the brokers?",
		Long: `doctor looks at this machine before the day: Docker and Compose, memory, disk, clock, images, ports and who holds them,
Go, make, Java, Kafka, architecture. Call it in the repository's folder. It changes nothing.

With --bootstrap-servers it looks at a cluster instead, from here: it dials each address, follows every address that the brokers
advertise, and says what is wrong (a closed port, a name that does not resolve, an advertised localhost, a listener for
containers, a broker that accepts and does not answer). Without ZooKeeper it also asks for the quorum: who leads it, who follows.

Where the connection is protected (KAFKA_SECURITY_PROTOCOL), it also says how, until when each broker's certificate is valid and for
which names, and what the user may do.

Each line is ok, a warning (one way of running the workshop is closed) or a failure, with what to do.

Exit codes: 0 no failure, 1 a failure, 2 wrong use.`,
		Example: `  workshop doctor
  workshop doctor --bootstrap-servers 192.168.0.10:9092
  workshop doctor -o json | jq -r '.[] | select(.level == "failure") | .remedy'`,
		Args: cobra.NoArgs,
		RunE: running(func(cmd *cobra.Command) error {
			print, ok := doctorFormats[format]
			if !ok {
				return service.UsageError(fmt.Sprintf("--output %q: accepted: table, json", format))
			}
			lang, err := t.lang()
			if err != nil {
				return err
			}
			lines, err := t.examine(cmd, lang, brokers)
			if err != nil {
				return err
			}
			if err := print(t.stdout, lang, lines, fold.Columns(t.stdout, t.lookup)); err != nil {
				return err
			}
			if n := doctor.Failures(lines); n > 0 {
				return fmt.Errorf("doctor: failures: %d; each line has its remedy", n)
			}
			return nil
		}),
	}
	clusterFlag(cmd, &brokers, "look at the brokers behind these addresses: host:port, comma separated")
	cmd.Flags().StringVarP(&format, "output", "o", "table", "table or json")
	session.Choices(cmd, "output", "table", "json")
	return cmd
}

func (t *tool) examine(cmd *cobra.Command, lang service.Lang, brokers string) ([]doctor.Line, error) {
	if !cmd.Flags().Changed(bootstrapFlag) {
		return doctor.This(lang, t.lookup).Examine(cmd.Context()), cmd.Context().Err()
	}
	if brokers == "" { // "$BROKER" in a script, and unset
		return nil, service.UsageError("--bootstrap-servers is empty; accepted: host:port, comma separated")
	}
	cluster, err := t.cluster(brokers, "--"+bootstrapFlag)
	if err != nil {
		return nil, err
	}
	lines := append(doctor.Brokers(cmd.Context(), lang, cluster), doctor.Security(cmd.Context(), lang, cluster)...)
	return lines, cmd.Context().Err()
}
