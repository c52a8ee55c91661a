// Package user is the command «workshop users»: who may log in to the brokers, and what for.
package user

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/IBM/sarama"
	"github.com/spf13/cobra"

	"workshop.example/kit/service"
	"workshop.example/workshop/admin/session"
	"workshop.example/workshop/secrets"
)

// NewCommand returns the command «workshop users».
func NewCommand(t *session.Tool) *cobra.Command {
	cmd := &cobra.Command{Use: "users", Short: "Make users and their rights, from a table"}
	session.BootstrapFlag(cmd)
	cmd.AddCommand(newApplyCommand(t))
	return cmd
}

type applyRun struct {
	*session.Tool
	file, dir       string
	advertised, new []string
	prune           bool
}

func newApplyCommand(t *session.Tool) *cobra.Command {
	a := &applyRun{Tool: t}
	cmd := &cobra.Command{
		Use:   "apply",
		Short: "Make users, passwords and rights as a table says",
		Long: `apply reads a table of users and makes each of them on the cluster: a login with SCRAM-SHA-512, and exactly the rights (ACLs)
that the table names; others of that user are taken away. Passwords are random, made once, and kept in the folder:
DIR/NAME/password, beside DIR/NAME/client.properties, which is the whole connection in one file (KAFKA_CLIENT_CONFIG).

It ends when every broker knows the users and their rights. Applying again changes nothing. A login that is open goes on with a new
password until its connection ends.

It needs a user with All or Alter on the cluster, for example a certificate of the brokers' super user.

Exit codes: 0 all is as the table says; 1 it is not; 2 wrong use.`,
		Example: `  workshop users apply --users compose/users.toml --dir secrets --advertised localhost:9091,localhost:9092,localhost:9093
  workshop users apply --new-password student      what was handed out no longer works
  workshop users apply --prune                     and users that are not in the table go`,
		Args: cobra.NoArgs,
	}
	t.Bind(cmd, func(ctx context.Context, o *session.Options, _ []string) error { return a.run(ctx, o) }).Changes = true
	cmd.Flags().StringVar(&a.file, "users", "compose/users.toml", "the table")
	cmd.Flags().StringVar(&a.dir, "dir", "secrets", "the folder of «workshop certs», which gets the passwords")
	cmd.Flags().StringSliceVar(&a.advertised, "advertised", []string{"localhost:9091", "localhost:9092", "localhost:9093"},
		"where users reach the brokers, for their client.properties")
	cmd.Flags().StringSliceVar(&a.new, "new-password", nil, "users who get another password")
	cmd.Flags().BoolVar(&a.prune, "prune", false, "take login and rights from users that are not in the table")
	return cmd
}

func (a *applyRun) run(ctx context.Context, o *session.Options) error {
	users, err := readTable(a.file)
	if err != nil {
		return err
	}
	var wrong []string
	for _, name := range a.new {
		if _, ok := users[name]; !ok {
			wrong = append(wrong, fmt.Sprintf("--new-password %q: there is no such user in %s", name, a.file))
		}
	}
	if _, err := service.SplitHostPorts(strings.Join(a.advertised, ",")); err != nil {
		wrong = append(wrong, fmt.Sprintf("--advertised: %v; accepted: host:port, comma separated", err))
	}
	if len(wrong) > 0 {
		return service.UsageError(strings.Join(wrong, "\n"))
	}
	upserts, made, err := a.passwords(users)
	if err != nil {
		return err
	}
	return session.Do(ctx, o, func(ctx context.Context, s *session.Session) error {
		if err := s.Retry(ctx, func() error { return upsert(s.Admin, upserts) }); err != nil {
			return fmt.Errorf("make users: %w", err)
		}
		if a.prune {
			if err := a.pruneUsers(s.Admin, users); err != nil {
				return fmt.Errorf("take users away: %w", err)
			}
		}
		for _, u := range upserts {
			granted, revoked, err := applyRights(s.Admin, u.Name, users[u.Name])
			if err != nil {
				return fmt.Errorf("rights of %s: %w", u.Name, err)
			}
			if err := a.report(u.Name, slices.Contains(made, u.Name), granted, revoked); err != nil {
				return err
			}
		}
		return everywhere(ctx, o, s, users)
	})
}

// passwords reads or makes them, and writes each user's files.
func (a *applyRun) passwords(users table) (upserts []sarama.AlterUserScramCredentialsUpsert, made []string, err error) {
	folder := secrets.Folder(a.dir)
	if _, err := os.Stat(folder.AuthorityFile()); err != nil {
		return nil, nil, fmt.Errorf("%w; remedy: «workshop certs --dir %s» first", err, a.dir)
	}
	for _, name := range users.names() {
		u := users[name]
		password, isNew, err := folder.Password(name, u.GroupID, slices.Contains(a.new, name))
		if err != nil {
			return nil, nil, err
		}
		if isNew {
			made = append(made, name)
		}
		if err := folder.WriteClient(name, password, u.GroupID, a.advertised); err != nil {
			return nil, nil, err
		}
		upsert, err := credentials(name, password)
		if err != nil {
			return nil, nil, err
		}
		upserts = append(upserts, upsert)
	}
	return upserts, made, nil
}

func (a *applyRun) report(name string, made bool, granted, revoked []binding) error {
	var said []string
	if made {
		said = append(said, a.Words("new password"))
	}
	for _, b := range granted {
		said = append(said, "+ "+a.Words("%s", b))
	}
	for _, b := range revoked {
		said = append(said, "- "+a.Words("%s", b))
	}
	if len(said) == 0 {
		said = []string{a.Words("as it was")}
	}
	return a.Line(name + ": " + strings.Join(said, ", "))
}

// pruneUsers takes login and rights from whom the table does not name.
func (a *applyRun) pruneUsers(admin sarama.ClusterAdmin, users table) error {
	known, err := admin.DescribeUserScramCredentials(nil)
	if err != nil {
		return err
	}
	for _, k := range known {
		if _, named := users[k.User]; named {
			continue
		}
		var gone []sarama.AlterUserScramCredentialsDelete
		for _, c := range k.CredentialInfos {
			gone = append(gone, sarama.AlterUserScramCredentialsDelete{Name: k.User, Mechanism: c.Mechanism})
		}
		results, err := admin.DeleteUserScramCredentials(gone)
		if err := errors.Join(err, outcome(results)); err != nil {
			return err
		}
		_, revoked, err := applyRights(admin, k.User, user{})
		if err != nil {
			return err
		}
		if err := a.Say("%s: taken away, with %s", k.User, session.Count(len(revoked), "right")); err != nil {
			return err
		}
	}
	return nil
}
