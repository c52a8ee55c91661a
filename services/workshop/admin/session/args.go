package session

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"workshop.example/kit/nearest"
	"workshop.example/kit/service"
)

// One wants the name of one thing on the command line.
func One(kind string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) != 1 {
			return service.UsageError(fmt.Sprintf("name exactly one %s (got %d)", kind, len(args)))
		}
		return Legal(kind, args)
	}
}

// Some wants at least one name.
func Some(kind string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) == 0 {
			return service.UsageError("name the " + kind)
		}
		return Legal(kind, args)
	}
}

// Legal wants names that can be there, before anybody is asked: a name is empty where a script's variable is not set.
func Legal(kind string, names []string) error {
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

// Missing is the error for something that is not there, with the names that were perhaps meant.
func Missing(kind, name string, all []string, remedy string) error {
	near := nearest.Names(name, all)
	if len(near) == 0 {
		return fmt.Errorf("%s %s does not exist; %s", kind, name, remedy)
	}
	return fmt.Errorf("%s %s does not exist; did you mean %s? %s", kind, name, service.Safe(strings.Join(near, ", or ")), remedy)
}
