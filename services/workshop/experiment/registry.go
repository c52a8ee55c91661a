package experiment

import (
	"cmp"
	"io/fs"
	"slices"
	"sync"

	"workshop.example/kit/service"
	"workshop.example/workshop/report"
)

// Registry is all experiments of a kind.
type Registry struct {
	files fs.FS
	specs []Spec
	once  sync.Once
}

// NewRegistry returns an empty registry. The files are those of the experiments' words.
func NewRegistry(files fs.FS) *Registry { return &Registry{files: files} }

// Add registers an experiment, before any other method is called.
func (r *Registry) Add(s Spec) { r.specs = append(r.specs, s) }

// complete returns all experiments with their words, in the order of their places, those without one last.
func (r *Registry) complete() []Spec {
	r.once.Do(func() {
		for i := range r.specs {
			s := &r.specs[i]
			s.Words = report.MustWords(r.files, s.Name)
			for j := range s.Controls {
				s.Controls[j].Of, s.Controls[j].ControlWords = s.Name, s.Words.Controls[s.Controls[j].Name]
			}
		}
		slices.SortStableFunc(r.specs, func(a, b Spec) int { return cmp.Compare(a.place(), b.place()) })
	})
	return r.specs
}

// place orders experiments.
func (s Spec) place() uint { return uint(s.Place) - 1 } // 0 becomes the last

// All returns every experiment that is listed, in order.
func (r *Registry) All() []Spec {
	return slices.DeleteFunc(slices.Clone(r.complete()), func(s Spec) bool { return s.Place == 0 })
}

// Find returns the experiment with a name, also one that is not listed.
func (r *Registry) Find(name string) (Spec, bool) {
	i := slices.IndexFunc(r.complete(), func(s Spec) bool { return s.Name == name })
	if i < 0 {
		return Spec{}, false
	}
	return r.specs[i], true
}

// Names returns the names of All.
func (r *Registry) Names() []string {
	var names []string
	for _, s := range r.All() {
		names = append(names, s.Name)
	}
	return names
}

// Controls returns every control, in the order of the experiments.
func (r *Registry) Controls() []Control {
	var all []Control
	for _, s := range r.complete() {
		all = append(all, s.Controls...)
	}
	return all
}

// Texts returns what an experiment says of a run: the table says of NAME.toml.
func (r *Registry) Texts(name string) report.Texts {
	return report.NewTexts(func() (map[string]service.Text, error) {
		w, err := report.ReadWords(r.files, name)
		return w.Says, err
	})
}
