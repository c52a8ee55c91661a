package event

// ExperimentsTopic is where labs and drills tell the class board what they do to the cluster.
const ExperimentsTopic = "workshop.experiments"

// The steps of an experiment, in their order.
const (
	Predicts = "predicts" // what is predicted
	Strikes  = "strikes"  // what it does, or has seen; any number of them
	Held     = "held"     // the counts, which are as predicted
	Failed   = "failed"   // the counts, which are not
	Ended    = "ended"    // there is no verdict
)

// ExperimentStep is one message of the topic workshop.experiments: a step of a lab or a drill, in words for students. The message's key
// is the run.
//
// json.Marshal writes it in the contract's order.
type ExperimentStep struct {
	Experiment  string `json:"experiment"` // such as at-most-once or kill-leader
	Run         string `json:"run"`        // the same in all steps of a run, and in no other's
	Step        string `json:"step"`       // Predicts, Strikes, Held, Failed or Ended
	PT          string `json:"pt"`
	EN          string `json:"en"`
	TimestampMS int64  `json:"timestamp_ms"` // in milliseconds since 1970 UTC
}

// DecodeExperimentStep reads the value of a message. Fields that it does not know are ignored. Every other value gives a *Malformed and
// a zero step. It keeps no reference to value.
func DecodeExperimentStep(value []byte) (ExperimentStep, error) {
	f := readFields(value)
	s := ExperimentStep{
		Experiment: f.text("experiment"), Run: f.text("run"), Step: f.text("step"), PT: f.text("pt"), EN: f.text("en"),
		TimestampMS: int64(f.integer("timestamp_ms")),
	}
	f.check(s.Run != "", "run", "a run")
	f.check(s.Step == Predicts || s.Step == Strikes || s.Step == Held || s.Step == Failed || s.Step == Ended, "step",
		"predicts, strikes, held, failed or ended")
	if f.bad != nil {
		return ExperimentStep{}, f.bad
	}
	return s, nil
}
