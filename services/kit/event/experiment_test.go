package event

import "testing"

func TestGoldenExperimentStep(t *testing.T) {
	want := ExperimentStep{
		Experiment: "kill-leader", Run: "5f0c", Step: Strikes, PT: "kill -9 no broker 2, líder da partição 0",
		EN: "kill -9 of broker 2, leader of partition 0", TimestampMS: 1783938400123,
	}
	mustMatchGolden(t, "experiment_step.json", mustMarshal(t, want))
	got, err := DecodeExperimentStep(mustReadGolden(t, "experiment_step.json"))
	if err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
}

func TestDecodeExperimentStepRefuses(t *testing.T) {
	message := mustReadGolden(t, "experiment_step.json")
	for _, e := range []edit{
		{`"run"`, `"Run"`, ReasonMissingField, "run"},
		{`"5f0c"`, `""`, ReasonInvalidValue, "run"},
		{`"strikes"`, `"misses"`, ReasonInvalidValue, "step"},
		{`1783938400123`, `"now"`, ReasonWrongType, "timestamp_ms"},
	} {
		got, err := DecodeExperimentStep(e.value(t, message))
		checkMalformed(t, e.old+" to "+e.new, err, e.reason, e.field)
		if got != (ExperimentStep{}) {
			t.Errorf("%s: got %+v, want a zero step beside the error", e.new, got)
		}
	}
}
