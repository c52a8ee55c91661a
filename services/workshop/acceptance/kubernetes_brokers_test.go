//go:build brokers

package acceptance

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// invalid is what kubectl-validate says of manifests, by the names of their files.
func invalid(t *testing.T, files map[string]string) map[string]string {
	t.Helper()
	tools, dir := kubernetesTools(t), t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name+".yaml"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(filepath.Join(tools, "kubectl-validate"), "--local-crds", filepath.Join(tools, "crds"), "-o", "json", dir)
	out, err := cmd.Output()
	var results map[string][]struct{ Status, Message string }
	if jerr := json.Unmarshal(out, &results); jerr != nil || len(results) != len(files) {
		t.Fatalf("kubectl-validate: %v, %v: %d files of %d\n%s", err, jerr, len(results), len(files), out)
	}
	said := map[string]string{}
	for file, documents := range results {
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		if want := strings.Count(files[name], "\n---\n") + 1; len(documents) != want {
			t.Errorf("%s: %d documents were looked at, want %d", name, len(documents), want)
		}
		for _, d := range documents {
			if d.Status != "Success" {
				said[name] += d.Message + "\n"
			}
		}
	}
	return said
}

// Every overlay is what Kubernetes, Strimzi and KEDA accept, and a mistake would be seen.
func TestKubernetesManifestsAreValid(t *testing.T) {
	t.Parallel()
	overlays, err := filepath.Glob(filepath.Join(root(t), "kubernetes", "overlays", "*"))
	if err != nil || len(overlays) == 0 {
		t.Fatalf("no overlays: %v", err)
	}
	files := map[string]string{}
	for _, overlay := range overlays {
		files[filepath.Base(overlay)] = string(rendered(t, filepath.Base(overlay)))
	}
	controls := []struct{ old, new, said string }{
		{"readinessProbe:", "readynessProbe:", "readynessProbe: Invalid value: value provided for unknown field"},
		{"containerPort: 9400", "containerPort: ops", "must be of type integer"},
		{"kind: PodDisruptionBudget", "kind: PodDisruptionBudgets", "kind PodDisruptionBudgets not found"},
		{"policyTypes:", "policyType:", "policyType: Invalid value: value provided for unknown field"},
		{"entityOperator:", "entityOperators:", "entityOperators: Invalid value: value provided for unknown field"},
		{"\n  replicas: 3\n  resources:", "\n  replicas: three\n  resources:", "spec.replicas: Invalid value"},
		{"kind: KafkaTopic", "kind: KafkaTopik", "kind KafkaTopik not found"},
		{"- DescribeConfigs", "- DescribeConfig", `Unsupported value: "DescribeConfig"`},
		{"maxReplicaCount: 3", "maxReplicaCount: three", "maxReplicaCount: Invalid value"},
		{"secretTargetRef:", "secretTargetRefs:", "secretTargetRefs: Invalid value: value provided for unknown field"},
	}
	for i, c := range controls {
		good := files["strimzi-keda"]
		if files[fmt.Sprintf("control-%d", i)] = strings.Replace(good, c.old, c.new, 1); !strings.Contains(good, c.old) {
			t.Errorf("nothing to change: %q", c.old)
		}
	}
	said := invalid(t, files)
	for _, overlay := range overlays {
		if text := said[filepath.Base(overlay)]; text != "" {
			t.Errorf("%s:\n%s", filepath.Base(overlay), text)
		}
	}
	for i, c := range controls {
		if got := said[fmt.Sprintf("control-%d", i)]; !strings.Contains(got, c.said) {
			t.Errorf("the control, %s for %s: %q is not in %q", c.new, c.old, c.said, got)
		}
	}
}

// The page's example for images elsewhere, in a copy of kubernetes/: it is valid, and no image is left that is not there.
func TestKubernetesImagesElsewhere(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join(root(t), "docs", "kubernetes.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "```yaml\n")
	example, _, ok := strings.Cut(rest, "```\n")
	folder := t.TempDir()
	mine := filepath.Join(folder, "mine")
	if err := errors.Join(os.CopyFS(folder, os.DirFS(filepath.Join(root(t), "kubernetes"))), os.Mkdir(mine, 0o700),
		os.WriteFile(filepath.Join(mine, "kustomization.yaml"), []byte(example), 0o600)); err != nil || !ok {
		t.Fatal(err)
	}
	text := string(kustomize(t, mine))
	if said := invalid(t, map[string]string{"mine": text}); said["mine"] != "" {
		t.Error(said["mine"])
	}
	if strings.Contains(text, "image: kafka-workshop/") || strings.Count(text, "image: registry.example/class/") != 5 {
		t.Errorf("images are left:\n%s", text)
	}
	for _, m := range regexp.MustCompile(`kubernetes/overlays/\S+`).FindAllString(strings.ReplaceAll(string(page), "`", ""), -1) {
		if _, err := os.Stat(filepath.Join(root(t), m, "kustomization.yaml")); err != nil {
			t.Errorf("the page names %s: %v", m, err)
		}
	}
}

// What a namespace with restricted pods wants, and what a cluster needs to place a pod, to look after it and to keep it apart.
func TestKubernetesWorkloadsAreConfined(t *testing.T) {
	t.Parallel()
	for _, overlay := range []string{"strimzi", "strimzi-keda", "bootstrap"} {
		all := manifests(t, overlay)
		found := workloads(t, all)
		if len(found) < 5 {
			t.Errorf("%s has %d workloads", overlay, len(found))
		}
		for _, w := range found {
			for _, flaw := range w.flaws(all) {
				t.Errorf("%s: %s %s: %s", overlay, w.kind, w.name, flaw)
			}
		}
	}
	all := manifests(t, "strimzi")
	w := workloads(t, all)[0]
	c := &w.Template.Spec.Containers[0]
	c.SecurityContext.Capabilities.Drop, c.ReadinessProbe, c.Resources.Limits.Memory = nil, nil, ""
	w.Template.Spec.SecurityContext.RunAsNonRoot = false
	w.Template.Spec.Volumes[0].Secret.SecretName = "somebody"
	delete(w.Template.Metadata.Labels, "app.kubernetes.io/part-of")
	if got := w.flaws(all); len(got) != 6 {
		t.Errorf("the control has %d flaws, want 6: %q", len(got), got)
	}
}

func (w workload) flaws(all []manifest) (flaws []string) {
	want := func(ok bool, flaw string) {
		if !ok {
			flaws = append(flaws, flaw)
		}
	}
	is := func(flag *bool, value bool) bool { return flag != nil && *flag == value }
	pod, c := w.Template.Spec, w.Template.Spec.Containers[0]
	security := pod.SecurityContext
	want(security.RunAsNonRoot && security.RunAsUser > 0 && security.SeccompProfile.Type == "RuntimeDefault", "user or seccomp profile")
	want(is(c.SecurityContext.AllowPrivilegeEscalation, false) && is(c.SecurityContext.ReadOnlyRootFilesystem, true) &&
		slices.Equal(c.SecurityContext.Capabilities.Drop, []string{"ALL"}), "privileges of the container")
	want(is(pod.AutomountServiceAccountToken, false) && is(pod.EnableServiceLinks, false), "what Kubernetes would add")
	r := c.Resources
	want(r.Requests.CPU != "" && r.Requests.Memory != "" && r.Limits.CPU != "" && r.Limits.Memory != "", "requests and limits")
	want(w.kind == "Job" || c.LivenessProbe != nil && c.ReadinessProbe != nil, "probes")
	labels := w.Template.Metadata.Labels
	want(labels["app.kubernetes.io/part-of"] == "kafka-workshop" && labels["app.kubernetes.io/name"] == w.name, "labels, for the policies")
	// A secret is made by the operator for one of the users, or by hand.
	for _, v := range pod.Volumes {
		name := v.Secret.SecretName
		want(slices.Contains([]string{"workshop-cluster-ca-cert", "kafka-client"}, name) || slices.ContainsFunc(all, func(m manifest) bool {
			return m.Kind == "KafkaUser" && m.Metadata.Name == name && name == w.name
		}), "secret "+name)
	}
	return flaws
}
