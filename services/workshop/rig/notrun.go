package rig

// NotRun says why an experiment has no verdict: something that it needs is missing, or its fault did not strike.
type NotRun struct {
	Cause        string
	OtherCluster bool // that is never there on a cluster of this kind, with ZooKeeper or without
}

func (e *NotRun) Error() string { return e.Cause }
