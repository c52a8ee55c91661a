//go:build brokers || docker

package acceptance

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// kubernetesTools is the folder of scripts/fetch-kubernetes.
func kubernetesTools(t testing.TB) string {
	t.Helper()
	cmd := exec.Command(filepath.Join(root(t), "scripts", "fetch-kubernetes"))
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("fetch-kubernetes: %v\n%s", err, stderr.String())
	}
	return strings.TrimSpace(string(out))
}

// rendered is what «kubectl apply -k» sends of an overlay in kubernetes/.
func rendered(t testing.TB, overlay string) []byte {
	t.Helper()
	return kustomize(t, filepath.Join(root(t), "kubernetes", "overlays", overlay))
}

func kustomize(t testing.TB, folder string) []byte {
	t.Helper()
	cmd := exec.Command(filepath.Join(kubernetesTools(t), "kustomize"), "build", folder)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("kustomize build %s: %v\n%s", folder, err, stderr.String())
	}
	return out
}

// manifest is what all kinds have in common, and the data of a ConfigMap.
type manifest struct {
	Kind     string
	Metadata struct {
		Name   string
		Labels map[string]string
	}
	Data map[string]string
	Spec json.RawMessage
}

func manifests(t testing.TB, overlay string) (all []manifest) {
	t.Helper()
	for in := yaml.NewDecoder(bytes.NewReader(rendered(t, overlay))); ; {
		var document any
		if err := in.Decode(&document); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		var m manifest
		text, err := json.Marshal(document)
		if err := errors.Join(err, json.Unmarshal(text, &m)); err != nil {
			t.Fatal(err)
		}
		all = append(all, m)
	}
}

// workload is a Deployment or a Job. Its fields are those that ours have: another is an error, so that a manifest has nothing that
// goes unnoticed.
type workload struct {
	kind, name string
	Template   struct {
		Metadata struct{ Labels map[string]string }
		Spec     podSpec
	}
	Selector                              struct{ MatchLabels map[string]string }
	Strategy                              struct{ Type string }
	Replicas                              *int
	BackoffLimit, TTLSecondsAfterFinished int
}

// container is the only one. A change to it leaves those that the workload was copied from as they are.
func (w *workload) container() *containerSpec {
	w.Template.Spec.Containers = slices.Clone(w.Template.Spec.Containers)
	return &w.Template.Spec.Containers[0]
}

type podSpec struct {
	SecurityContext struct {
		RunAsNonRoot                   bool
		RunAsUser, RunAsGroup, FSGroup int
		SeccompProfile                 struct{ Type string }
	}
	AutomountServiceAccountToken, EnableServiceLinks *bool
	RestartPolicy                                    string
	TerminationGracePeriodSeconds                    int
	TopologySpreadConstraints                        []any
	Containers                                       []containerSpec
	Volumes                                          []podVolume
}

type podVolume struct {
	Name   string
	Secret struct {
		SecretName  string
		DefaultMode int
		Items       []struct{ Key, Path string }
	}
}

type containerSpec struct {
	Name, Image                   string
	Args                          []string
	Env                           []variable
	EnvFrom                       []struct{ ConfigMapRef struct{ Name string } }
	Ports                         []containerPort
	LivenessProbe, ReadinessProbe *probe
	Resources                     struct{ Requests, Limits struct{ CPU, Memory string } }
	SecurityContext               struct {
		AllowPrivilegeEscalation, ReadOnlyRootFilesystem *bool
		Capabilities                                     struct{ Drop []string }
	}
	VolumeMounts []struct {
		Name, MountPath string
		ReadOnly        bool
	}
}

type variable struct {
	Name, Value string
	ValueFrom   *struct{ FieldRef struct{ FieldPath string } }
}

type containerPort struct {
	Name          string
	ContainerPort int
}

// probe is of the port with a name.
type probe struct {
	HTTPGet                       struct{ Path, Port string }
	PeriodSeconds, TimeoutSeconds int
}

// workloads are the programs among the manifests.
func workloads(t testing.TB, all []manifest) (found []workload) {
	t.Helper()
	for _, m := range all {
		if m.Kind != "Deployment" && m.Kind != "Job" {
			continue
		}
		w := workload{kind: m.Kind, name: m.Metadata.Name}
		in := json.NewDecoder(bytes.NewReader(m.Spec))
		in.DisallowUnknownFields()
		if err := in.Decode(&w); err != nil || len(w.Template.Spec.Containers) != 1 {
			t.Fatalf("%s %s: %v; %d containers", m.Kind, m.Metadata.Name, err, len(w.Template.Spec.Containers))
		}
		found = append(found, w)
	}
	return found
}
