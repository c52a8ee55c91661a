package session

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"workshop.example/kit/nearest"
	"workshop.example/kit/service"
)

// One accepts exactly one argument, the name of a thing of that kind.
func One(kind string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) != 1 {
			return service.UsageError(fmt.Sprintf("name exactly one %s (got %d)", kind, len(args)))
		}
		return LegalNames(kind, args)
	}
}

// Some accepts one or more arguments, the names of things of that kind.
func Some(kind string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) == 0 {
			return service.UsageError("name the " + kind)
		}
		return LegalNames(kind, args)
	}
}

// LegalNames returns an error if no topic or no group can have one of the names, before a cluster is asked. A name is empty where a
// variable of a script is not set.
func LegalNames(kind string, names []string) error {
	for _, name := range names {
		if strings.HasPrefix(kind, "topic") && !service.LegalTopic(name) {
			return IllegalTopic(name)
		}
		if name == "" {
			return service.UsageError("a group's name is empty: is a variable not set?")
		}
	}
	return nil
}

// Missing returns the error for a name that does not exist, which suggests similar ones of all.
func Missing(kind, name string, all []string, remedy string) error {
	near := nearest.Names(name, all)
	if len(near) == 0 {
		return fmt.Errorf("%s %s does not exist; %s", kind, name, remedy)
	}
	return fmt.Errorf("%s %s does not exist; did you mean %s? %s", kind, name, service.Safe(strings.Join(near, ", or ")), remedy)
}
