// Reading-report writes a report for a user, as a file.
//
//	topic in:  ECOMMERCE_USER_GENERATE_READING_REPORT, in the group ReadingReportService
//	topic out: ECOMMERCE_DEADLETTER, for messages that cannot be read
//	key:       the user's uuid
//	store:     REPORT_DIR/<uuid>-report.txt
//	delivery:  at-least-once: a report may be written twice, and is the same file; it is there whole or
//	           not at all, and on the disk before its offset is committed
package readingreport

import (
	"context"
	"fmt"

	"workshop.example/ecommerce/stream"
	"workshop.example/kit/event"
	"workshop.example/kit/service"
)

// Main runs the reading-report, and exits.
func Main() {
	service.Main(service.About{
		Name:    "reading-report",
		Summary: "reading-report writes a report for each user that one is asked for, into a folder.",
		Example: "  reading-report\n" +
			"  reading-report --report-dir /tmp/reports --workers 3",
	}, configure, run)
}

type config struct {
	stream stream.Settings
	dir    string
}

func configure(env *service.Env) config {
	return config{
		stream: stream.SettingsFromEnv(env, "ReadingReportService", 5),
		dir:    env.Text("REPORT_DIR", "target", "a folder that can be written", "where the reports are written; it is made where it is missing"),
	}
}

func run(ctx context.Context, cfg config, p *service.Process) error {
	p.Log.Info("starting", "version", service.Version, "brokers", cfg.stream.Cluster.Brokers, "group", cfg.stream.Member.Group, "dir", cfg.dir)
	folder, err := openFolder(cfg.dir)
	if err != nil {
		return service.UsageError(fmt.Sprintf("REPORT_DIR=%q: %v; choose a folder that can be written", cfg.dir, err))
	}
	return cfg.stream.Consume(ctx, p, event.ReportTopic, func(_ context.Context, r stream.Received) error {
		user, err := r.User() // a uuid with a path in it is refused here
		if err != nil {
			return err
		}
		path, err := folder.write(user.UUID)
		if err != nil {
			return err
		}
		p.Out.Print(stream.Separator + "\nProcessing report for " + user.UUID + "\nFile created: " + path)
		return nil
	})
}
