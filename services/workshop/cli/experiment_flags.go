package cli

import (
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"workshop.example/kit/service"
	"workshop.example/workshop/admin/session"
)

// bootstrapFlag is the name that Kafka's own tools have for the cluster's addresses, here and in the commands of the administration.
const bootstrapFlag = "bootstrap-servers"

// clusterFlag adds --bootstrap-servers, and takes --brokers for it, as the flag was called before.
func clusterFlag(cmd *cobra.Command, value *string, usage string) {
	cmd.Flags().SetNormalizeFunc(func(_ *pflag.FlagSet, name string) pflag.NormalizedName {
		if name == "brokers" {
			name = bootstrapFlag
		}
		return pflag.NormalizedName(name)
	})
	cmd.Flags().StringVar(value, bootstrapFlag, "", usage)
}

// outputFlag adds -o, and takes --json for -o json, as the flag was called before.
func (r *experimentRun) outputFlag(cmd *cobra.Command) {
	cmd.Flags().StringVarP(&r.output, "output", "o", "text",
		"text, or json: the verdict on standard output, everything else on standard error")
	session.Choices(cmd, "output", "text", "json")
	cmd.Flags().BoolVar(&r.asJSON, "json", false, "-o json")
	cmd.Flags().MarkHidden("json")
}

// checkOutput reports a wrong -o.
func (r *experimentRun) checkOutput() error {
	switch r.output {
	case "json":
		r.asJSON = true
	case "text", "":
	default:
		return service.UsageError(fmt.Sprintf("-o %s: accepted: text, json", r.output))
	}
	return nil
}
