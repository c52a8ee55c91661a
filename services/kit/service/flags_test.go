package service

import (
	"flag"
	"io"
	"testing"
)

// Who lists the processes of a machine sees their command lines.
func TestPasswordsHaveNoFlag(t *testing.T) {
	env := EnvOf(nil)
	env.Text("MY_PASSWORD", "", "a text", "")
	env.Text("MY_PASSWORD_FILE", "", "a file", "")
	flags := flag.NewFlagSet("probe", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	given := env.addFlags(flags)
	if err := flags.Parse([]string{"--my-password-file", "f"}); err != nil || given["MY_PASSWORD_FILE"] != "f" {
		t.Errorf("the file is not taken: %v, %v", err, given)
	}
	if err := flags.Parse([]string{"--my-password", "secret"}); err == nil {
		t.Error("a password on the command line is taken")
	}
}
