// Package metric makes the Prometheus metrics of the programs. Each function registers what it returns. Where the name is
// registered already, with the same labels, it returns that metric: the members of a group in one process share theirs.
//
// A name with another help text or other labels is a mistake in a program, and makes the functions panic, as
// prometheus.MustRegister does.
package metric

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"
)

// Seconds are the buckets of a histogram for anything between a part of a millisecond and the election of a leader: two for
// each power of ten. Each bucket is a series of its own on the server, and this is as close as an alert has to look.
var Seconds = []float64{.0003, .001, .003, .01, .03, .1, .3, 1, 3, 10, 30}

// Register registers c, and returns it, or what is registered already with its names.
func Register[C prometheus.Collector](reg prometheus.Registerer, c C) C {
	err := reg.Register(c)
	if there, ok := errors.AsType[prometheus.AlreadyRegisteredError](err); ok {
		return there.ExistingCollector.(C)
	}
	if err != nil {
		panic(err)
	}
	return c
}

// Counter counts from 0.
func Counter(reg prometheus.Registerer, name, help string) prometheus.Counter {
	return Register(reg, prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help}))
}

// MessagesRead counts the messages that a program has read and worked on, under one name in all of them.
func MessagesRead(reg prometheus.Registerer) prometheus.Counter {
	return Counter(reg, "workshop_messages_read_total", "Messages read and processed, without dead letters.")
}

// Counters counts by the values of a label. The values given here exist from the start: there is no rate, and so no alert, over
// a series that is missing.
func Counters(reg prometheus.Registerer, name, help, label string, values ...string) *prometheus.CounterVec {
	vec := Register(reg, prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, []string{label}))
	for _, value := range values {
		vec.WithLabelValues(value)
	}
	return vec
}

// Histogram observes seconds.
func Histogram(reg prometheus.Registerer, name, help string) prometheus.Histogram {
	return Register(reg, prometheus.NewHistogram(prometheus.HistogramOpts{Name: name, Help: help, Buckets: Seconds}))
}

// Histograms observes seconds, by the values of a label, which exist from the start.
func Histograms(reg prometheus.Registerer, name, help, label string, values ...string) *prometheus.HistogramVec {
	opts := prometheus.HistogramOpts{Name: name, Help: help, Buckets: Seconds}
	vec := Register(reg, prometheus.NewHistogramVec(opts, []string{label}))
	for _, value := range values {
		vec.WithLabelValues(value)
	}
	return vec
}
