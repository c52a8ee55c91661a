package admin

import (
	"fmt"
	"strings"

	"workshop.example/kit/nearest"
	"workshop.example/kit/service"
)

// Missing is the error for something that is not there, with the names that were perhaps meant.
func Missing(kind, name string, all []string, remedy string) error {
	near := nearest.Names(name, all)
	if len(near) == 0 {
		return fmt.Errorf("%s %s does not exist; %s", kind, name, remedy)
	}
	return fmt.Errorf("%s %s does not exist; did you mean %s? %s", kind, name, service.Safe(strings.Join(near, ", or ")), remedy)
}
